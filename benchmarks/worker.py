"""One contender in a process of its own: JSON requests on stdin, JSON answers on stdout, one line each.

Started as ``python -m benchmarks.worker TASK MODULE CASE CONTENDER``; ``TASK`` names the function of `TASKS` that
answers the requests. Answers are ``{"missing": name}`` when a library is not installed, ``{"unfit": why}`` when the
contender cannot do what is asked, ``{"error": text}`` when it failed, else what the task returns.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import warnings
from collections.abc import Callable
from typing import Any, TypeAlias

from benchmarks.case import Contender, Unfit

Answer: TypeAlias = dict[str, Any]
Task: TypeAlias = Callable[[Any, Contender], Callable[[Answer], Answer]]
"""Takes the case and the contender, returns what answers a request."""

TASKS = {
    "time": "benchmarks.timing:answers",
    "judge": "benchmarks.judging:answers",
    "vendor": "benchmarks.vendors.case:answers",
}


def main(task: str, module: str, case_name: str, contender_name: str) -> None:
    """Answer requests until stdin ends."""
    # Ctrl-C reaches the whole process group; the parent ends this one by closing stdin.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Some libraries print; their words must not become answers.
    os.dup2(2, 1)
    case = next(case for case in importlib.import_module(module).CASES if case.name == case_name)
    contender = next(one for one in case.contenders if one.name == contender_name)
    answer = _task(task)(case, contender)
    for line in sys.stdin:
        print(json.dumps(_guarded(answer, json.loads(line))), file=out, flush=True)


def _task(name: str) -> Task:
    module, _, function = TASKS[name].partition(":")
    task: Task = getattr(importlib.import_module(module), function)
    return task


def _guarded(answer: Callable[[Answer], Answer], request: Answer) -> Answer:
    try:
        return answer(request)
    except ImportError as error:
        return {"missing": (error.name or str(error)).partition(".")[0]}
    except Unfit as error:
        return {"unfit": str(error)}
    except Exception as error:  # the border of the process: the parent names the contender and goes on
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main(*sys.argv[1:])
