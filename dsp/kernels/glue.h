/* What module.c and bound.c share. */
#ifndef DSP_GLUE_H
#define DSP_GLUE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#include "kernels.h"

extern const struct kernels *kernels;
/* The table in use. */

#define UNLOCKED_IF(condition, work)     \
    do {                                 \
        if (condition) {                 \
            Py_BEGIN_ALLOW_THREADS work; \
            Py_END_ALLOW_THREADS         \
        } else {                         \
            work;                        \
        }                                \
    } while (0)

int get_run(PyObject *object, Py_buffer *view, const char *format, int flags);
int prepare_kernel_type(void);
PyObject *bind(PyObject *module, PyObject *const *args, Py_ssize_t nargs);
PyObject *measure(PyObject *module, PyObject *const *args, Py_ssize_t nargs);

#endif
