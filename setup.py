"""Build of the compiled kernels, which are optional: without a compiler everything works on numpy alone."""

from pathlib import Path

from setuptools import Extension, setup

FOLDER = Path("dsp", "kernels")

NATIVE = Extension(
    "dsp._native",
    sources=sorted(str(path) for path in FOLDER.glob("*.c")),
    depends=sorted(str(path) for path in FOLDER.glob("*.h")),
    define_macros=[("Py_LIMITED_API", "0x030B0000")],
    # Nothing that changes results: NaN and infinity are what errors are made of. The instruction sets of newer
    # processors are chosen when the module is loaded, so what is built here runs on any machine of its kind.
    extra_compile_args=["-std=gnu11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-fvisibility=hidden"],
    libraries=["m"],
    py_limited_api=True,
    optional=True,
)

setup(ext_modules=[NATIVE], options={"bdist_wheel": {"py_limited_api": "cp311"}})
