/* dsp._native: the compiled kernels as functions and as bound kernels.
 *
 * A function takes arrays through the buffer protocol and checks every length. It returns None where the input is not
 * what it takes (another dtype, strides, values that are not finite): the numpy code then does the work or raises the
 * error, so that both backends accept and refuse the same.
 *
 * A bound kernel holds the buffers of one stage's state, which belongs to Python objects, and is called with what is
 * new. Work longer than LONG samples is done without the GIL.
 */
#include "glue.h"

const struct kernels *kernels;

#define LONG 16384

/* -- arguments -- */

/* 1: the buffer is a C-contiguous run of items of that format; 0: it is not, no exception is set. */
int get_run(PyObject *object, Py_buffer *view, const char *format, int flags)
{
    if (PyObject_GetBuffer(object, view, PyBUF_ND | PyBUF_FORMAT | flags) != 0) {
        PyErr_Clear();
        return 0;
    }
    if (view->ndim == 1 && view->format != NULL && strcmp(view->format, format) == 0)
        return 1;
    PyBuffer_Release(view);
    return 0;
}

static int expected(Py_ssize_t found, Py_ssize_t wanted, const char *name)
{
    if (found == wanted)
        return 1;
    PyErr_Format(PyExc_ValueError, "%s: expected %zd arguments, found %zd", name, wanted, found);
    return 0;
}

/* -- functions -- */

static PyObject *split(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Py_buffer pcm;
    if (!expected(nargs, 1, "split") || PyObject_GetBuffer(args[0], &pcm, PyBUF_SIMPLE) != 0)
        return NULL;
    PyObject *left = NULL, *right = NULL, *both = NULL;
    if (pcm.len % 4)
        PyErr_Format(PyExc_ValueError, "pcm: expected a multiple of 4 bytes, found %zd", pcm.len);
    else if ((left = PyBytes_FromStringAndSize(NULL, pcm.len / 2)) != NULL &&
             (right = PyBytes_FromStringAndSize(NULL, pcm.len / 2)) != NULL) {
        uint16_t *to_left = (uint16_t *)PyBytes_AsString(left), *to_right = (uint16_t *)PyBytes_AsString(right);
        UNLOCKED_IF(pcm.len / 4 > LONG, kernels->split(pcm.buf, to_left, to_right, pcm.len / 4));
        both = PyTuple_Pack(2, left, right);
    }
    Py_XDECREF(left);
    Py_XDECREF(right);
    PyBuffer_Release(&pcm);
    return both;
}

static PyObject *decode(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Py_buffer pcm, samples;
    if (!expected(nargs, 2, "decode") || PyObject_GetBuffer(args[0], &pcm, PyBUF_SIMPLE) != 0)
        return NULL;
    if (!get_run(args[1], &samples, "f", PyBUF_WRITABLE)) {
        PyBuffer_Release(&pcm);
        return PyErr_Format(PyExc_ValueError, "samples: expected a run of float32");
    }
    int right = pcm.len / 2 == samples.len / 4;
    if (right)
        UNLOCKED_IF(pcm.len / 2 > LONG, kernels->decode(pcm.buf, samples.buf, pcm.len / 2));
    else
        PyErr_Format(PyExc_ValueError, "samples: expected %zd, found %zd", pcm.len / 2, samples.len / 4);
    PyBuffer_Release(&samples);
    PyBuffer_Release(&pcm);
    return right ? Py_NewRef(Py_None) : NULL;
}

static PyObject *encode(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Py_buffer samples;
    if (!expected(nargs, 1, "encode"))
        return NULL;
    if (!get_run(args[0], &samples, "f", 0))
        return Py_NewRef(Py_None);
    PyObject *pcm = PyBytes_FromStringAndSize(NULL, samples.len / 2);
    if (pcm != NULL) {
        int16_t *to = (int16_t *)PyBytes_AsString(pcm);
        int finite;
        UNLOCKED_IF(samples.len / 4 > LONG, finite = kernels->encode(samples.buf, to, samples.len / 4));
        if (!finite) {
            Py_DECREF(pcm);
            pcm = Py_NewRef(Py_None);
        }
    }
    PyBuffer_Release(&samples);
    return pcm;
}

static int law_of(PyObject *number)
{
    long law = PyLong_AsLong(number);
    if (law != 0 && law != 1 && !PyErr_Occurred())
        PyErr_Format(PyExc_ValueError, "law: expected 0 or 1, found %ld", law);
    return PyErr_Occurred() ? -1 : (int)law;
}

/* compand(law, samples, codes): True, or None where the samples are not for this. */
static PyObject *compand(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Py_buffer samples, codes;
    int law, finite = 0, right = 0;
    if (!expected(nargs, 3, "compand") || (law = law_of(args[0])) < 0)
        return NULL;
    if (!get_run(args[1], &samples, "f", 0))
        return Py_NewRef(Py_None);
    if (get_run(args[2], &codes, "B", PyBUF_WRITABLE)) {
        right = codes.len == samples.len / 4;
        if (right)
            UNLOCKED_IF(codes.len > LONG, finite = kernels->compand[law](samples.buf, codes.buf, codes.len));
        PyBuffer_Release(&codes);
    }
    PyBuffer_Release(&samples);
    if (!right)
        return PyErr_Format(PyExc_ValueError, "codes: expected a run of uint8 as long as the samples");
    return finite ? Py_NewRef(Py_True) : Py_NewRef(Py_None);
}

/* expand(law, codes, samples) */
static PyObject *expand(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Py_buffer codes, samples;
    int law, right = 0;
    if (!expected(nargs, 3, "expand") || (law = law_of(args[0])) < 0 ||
        PyObject_GetBuffer(args[1], &codes, PyBUF_SIMPLE) != 0)
        return NULL;
    if (get_run(args[2], &samples, "f", PyBUF_WRITABLE)) {
        right = samples.len / 4 == codes.len;
        if (right)
            UNLOCKED_IF(codes.len > LONG, kernels->expand[law](codes.buf, samples.buf, codes.len));
        PyBuffer_Release(&samples);
    }
    PyBuffer_Release(&codes);
    if (!right)
        return PyErr_Format(PyExc_ValueError, "samples: expected a run of float32 as long as the codes");
    return Py_NewRef(Py_None);
}

/* is_plain(samples): True for a run of float32 that every stage works on as it is, else None. */
static PyObject *is_plain(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Py_buffer samples;
    if (!expected(nargs, 1, "is_plain"))
        return NULL;
    if (!get_run(args[0], &samples, "f", 0))
        return Py_NewRef(Py_None);
    int plain = kernels->all_plain(samples.buf, samples.len / 4);
    PyBuffer_Release(&samples);
    return plain ? Py_NewRef(Py_True) : Py_NewRef(Py_None);
}

/* -- choice of the instruction set -- */

static const struct kernels *found[3];

static void look_at_the_processor(void)
{
    int count = 0;
#ifdef DSP_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
            found[count++] = &kernels_avx512;
        found[count++] = &kernels_avx2;
    }
#endif
    found[count] = &kernels_baseline;
    kernels = found[0];
}

/* variants(): names of what this processor can run, the best first. */
static PyObject *variants(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module, (void)args;
    if (!expected(nargs, 0, "variants"))
        return NULL;
    PyObject *names = PyList_New(0);
    for (int i = 0; names != NULL && i < 3 && found[i] != NULL; i++) {
        PyObject *name = PyUnicode_FromString(found[i]->name);
        if (name == NULL || PyList_Append(names, name) != 0)
            Py_CLEAR(names);
        Py_XDECREF(name);
    }
    return names;
}

/* use(name): take this variant from now on; for tests and benchmarks. */
static PyObject *use(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (!expected(nargs, 1, "use"))
        return NULL;
    for (int i = 0; i < 3 && found[i] != NULL; i++) {
        PyObject *name = PyUnicode_FromString(found[i]->name);
        int same = name != NULL ? PyObject_RichCompareBool(name, args[0], Py_EQ) : -1;
        Py_XDECREF(name);
        if (same < 0)
            return NULL;
        if (same) {
            kernels = found[i];
            return Py_NewRef(Py_None);
        }
    }
    return PyErr_Format(PyExc_ValueError, "use: expected one of variants(), found %R", args[0]);
}

/* -- the module -- */

#define FUNCTION(name, text) {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, text}

static PyMethodDef functions[] = {
    FUNCTION(split, "split(pcm, /)\n--\n\nThe two channels of interleaved PCM, as bytes."),
    FUNCTION(decode, "decode(pcm, samples, /)\n--\n\nWrite PCM as float32 samples."),
    FUNCTION(encode, "encode(samples, /)\n--\n\nFloat32 samples as PCM; None where they are not finite float32."),
    FUNCTION(compand, "compand(law, samples, codes, /)\n--\n\nWrite G.711 codes; None as for encode."),
    FUNCTION(expand, "expand(law, codes, samples, /)\n--\n\nWrite the samples of G.711 codes."),
    FUNCTION(is_plain, "is_plain(samples, /)\n--\n\nTrue for float32 that every stage works on as it is, else None."),
    FUNCTION(bind, "bind(kind, numbers, arrays, /)\n--\n\nA kernel that works on these arrays."),
    FUNCTION(measure, "measure(kind, numbers, /)\n--\n\nFloat32 that the state of such a kernel needs."),
    FUNCTION(variants, "variants()\n--\n\nInstruction sets that this processor can run, the best first."),
    FUNCTION(use, "use(name, /)\n--\n\nTake this instruction set for what is called or bound from now on."),
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_native", "The compiled kernels of dsp; see dsp.backends.", -1, functions,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__native(void);

PyMODINIT_FUNC PyInit__native(void)
{
    look_at_the_processor();
    PyObject *module = prepare_kernel_type() ? PyModule_Create(&definition) : NULL;
    if (module != NULL && PyModule_AddIntConstant(module, "interface", DSP_INTERFACE) != 0)
        Py_CLEAR(module);
    return module;
}
