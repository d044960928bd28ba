/* Bound kernels: the state of one stage, its parameters, and the function that works on them. */
#include "glue.h"

#define MOST_ARRAYS 8
#define MOST_NUMBERS 40

struct kind;

typedef struct {
    PyObject_HEAD
    const struct kind *kind;
    int arrays;
    Py_buffer array[MOST_ARRAYS];
    double number[MOST_NUMBERS];
    union {
        struct fir fir;
    } state;
} Kernel;

struct kind {
    const char *name;
    const char *formats;
    /* One letter per array: f float32, d float64, l int64; capital: only read. */
    int numbers;
    /* Sets an exception and returns 0 where lengths and parameters do not belong together. */
    int (*prepare)(Kernel *kernel);
    PyObject *(*run)(Kernel *kernel, PyObject *const *args, Py_ssize_t nargs);
};

static PyObject *kernel_type;

static Py_ssize_t items(const Kernel *kernel, int index)
{
    return kernel->array[index].len / kernel->array[index].itemsize;
}

static int refused(const char *kind, const char *what)
{
    PyErr_Format(PyExc_ValueError, "%s: expected %s", kind, what);
    return 0;
}

/* Whether the number at `index` is a whole one from 0 to 2^40. */
static int whole(const Kernel *kernel, int index, ptrdiff_t *value)
{
    double number = kernel->number[index];
    if (!(number >= 0 && number <= 1099511627776.0) || number != (double)(ptrdiff_t)number)
        return refused(kernel->kind->name, "whole numbers");
    *value = (ptrdiff_t)number;
    return 1;
}

/* -- fir: window, first, weights, spans; block_in, block_out, history, groups, width, in_rate, out_rate -- */

static int fir_fits(const Kernel *k, const struct fir *f)
{
    if (f->block_in < 1 || f->groups < 1 || f->width < 1 || f->in_rate < 1 || f->out_rate < 1)
        return 0;
    if (items(k, 0) != f->history + f->block_in || items(k, 1) != f->groups * f->repeats)
        return 0;
    if (items(k, 2) != f->groups * f->reach * f->padded || items(k, 3) * FIR_SPAN != f->groups * f->padded * 2)
        return 0;
    if (f->groups * f->repeats * f->width != f->block_out || f->block_in * f->out_rate != f->block_out * f->in_rate)
        return 0;
    /* The taps that are looked at lie inside the window and the weights. */
    ptrdiff_t spans = f->padded / FIR_SPAN;
    for (ptrdiff_t group = 0; group < f->groups; group++) {
        int64_t first = 0, last = 0;
        for (const int64_t *span = f->spans + 2 * group * spans; span < f->spans + 2 * (group + 1) * spans; span += 2) {
            if (span[0] < 0 || span[0] > span[1] || span[1] > f->reach)
                return 0;
            last = span[1] > last ? span[1] : last;
        }
        for (ptrdiff_t i = group * f->repeats; i < (group + 1) * f->repeats; i++) {
            if (f->first[i] < 0)
                return 0;
            first = f->first[i] > first ? f->first[i] : first;
        }
        if (first + last > f->history + f->block_in)
            return 0;
    }
    return 1;
}

static int fir_prepare(Kernel *k)
{
    struct fir *f = &k->state.fir;
    ptrdiff_t in_rate, out_rate;
    if (!whole(k, 0, &f->block_in) || !whole(k, 1, &f->block_out) || !whole(k, 2, &f->history) ||
        !whole(k, 3, &f->groups) || !whole(k, 4, &f->width) || !whole(k, 5, &in_rate) || !whole(k, 6, &out_rate))
        return 0;
    f->window = k->array[0].buf;
    f->first = k->array[1].buf;
    f->weights = k->array[2].buf;
    f->spans = k->array[3].buf;
    f->in_rate = in_rate;
    f->out_rate = out_rate;
    f->padded = (f->width + FIR_PADDING - 1) / FIR_PADDING * FIR_PADDING;
    f->repeats = f->groups ? items(k, 1) / f->groups : 0;
    f->reach = f->groups && f->padded ? items(k, 2) / (f->groups * f->padded) : 0;
    return fir_fits(k, f) || refused("fir", "lengths and positions that belong together");
}

/* run(in, out, filled): samples of the block that are filled now; None where the input is not plain float32.
 * With a fourth argument the input was checked and converted already. */
static PyObject *fir_run(Kernel *k, PyObject *const *args, Py_ssize_t nargs)
{
    const struct fir *f = &k->state.fir;
    Py_buffer in, out;
    Py_ssize_t filled = nargs == 3 || nargs == 4 ? PyLong_AsSsize_t(args[2]) : -1;
    if (filled < 0 || filled >= f->block_in)
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_ValueError, "fir: expected samples, room and a position");
    if (!get_run(args[0], &in, "f", 0))
        return nargs == 3 ? Py_NewRef(Py_None) : PyErr_Format(PyExc_ValueError, "fir: expected a run of float32");
    if (!get_run(args[1], &out, "f", PyBUF_WRITABLE)) {
        PyBuffer_Release(&in);
        return PyErr_Format(PyExc_ValueError, "fir: expected room of float32");
    }
    Py_ssize_t count = in.len / 4, after = filled + count;
    Py_ssize_t ready = (Py_ssize_t)((after * f->out_rate + f->in_rate - 1) / f->in_rate -
                                    (filled * f->out_rate + f->in_rate - 1) / f->in_rate);
    PyObject *answer = NULL;
    if (out.len / 4 != ready)
        PyErr_Format(PyExc_ValueError, "fir: expected room for %zd samples, found %zd", ready, out.len / 4);
    else if (nargs == 3 && !kernels->all_plain(in.buf, count))
        answer = Py_NewRef(Py_None);
    else {
        UNLOCKED_IF(count > 2048, filled = kernels->fir(f, in.buf, count, out.buf, filled));
        answer = PyLong_FromSsize_t(filled);
    }
    PyBuffer_Release(&out);
    PyBuffer_Release(&in);
    return answer;
}

static const struct kind kinds[] = {
    {"fir", "fLFL", 7, fir_prepare, fir_run},
};

/* -- the type -- */

static int take_numbers(Kernel *kernel, PyObject *numbers)
{
    if (PyTuple_Size(numbers) != kernel->kind->numbers)
        return PyErr_Occurred() ? 0 : refused(kernel->kind->name, "another count of numbers");
    for (int i = 0; i < kernel->kind->numbers; i++) {
        kernel->number[i] = PyFloat_AsDouble(PyTuple_GetItem(numbers, i));
        if (kernel->number[i] == -1.0 && PyErr_Occurred())
            return 0;
    }
    return 1;
}

static int take_array(Kernel *kernel, PyObject *array, char letter)
{
    int read_only = letter < 'a';
    char format = read_only ? (char)(letter - 'A' + 'a') : letter;
    Py_buffer *view = &kernel->array[kernel->arrays];
    if (PyObject_GetBuffer(array, view, PyBUF_ND | PyBUF_FORMAT | (read_only ? 0 : PyBUF_WRITABLE)) != 0)
        return 0;
    kernel->arrays++;
    char found = view->format != NULL && view->format[1] == 0 ? view->format[0] : '?';
    if (found == 'q' && view->itemsize == 8)
        found = 'l';
    if (found != format || (format == 'l' && view->itemsize != 8))
        return refused(kernel->kind->name, "arrays of other dtypes");
    return 1;
}

static int take_arrays(Kernel *kernel, PyObject *arrays)
{
    const char *formats = kernel->kind->formats;
    if (PyTuple_Size(arrays) != (Py_ssize_t)strlen(formats))
        return PyErr_Occurred() ? 0 : refused(kernel->kind->name, "another count of arrays");
    for (int i = 0; formats[i]; i++)
        if (!take_array(kernel, PyTuple_GetItem(arrays, i), formats[i]))
            return 0;
    return 1;
}

PyObject *bind(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (nargs != 3)
        return PyErr_Format(PyExc_ValueError, "bind: expected a kind, numbers and arrays");
    const struct kind *kind = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        PyObject *name = PyUnicode_FromString(kinds[i].name);
        if (name != NULL && PyObject_RichCompareBool(name, args[0], Py_EQ) == 1)
            kind = &kinds[i];
        Py_XDECREF(name);
    }
    if (PyErr_Occurred())
        return NULL;
    if (kind == NULL)
        return PyErr_Format(PyExc_ValueError, "bind: found no kind %R", args[0]);
    Kernel *kernel = (Kernel *)PyType_GenericAlloc((PyTypeObject *)kernel_type, 0);
    if (kernel == NULL)
        return NULL;
    kernel->kind = kind;
    if (!take_numbers(kernel, args[1]) || !take_arrays(kernel, args[2]) || !kind->prepare(kernel))
        Py_CLEAR(kernel);
    return (PyObject *)kernel;
}

static PyObject *kernel_run(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    return ((Kernel *)self)->kind->run((Kernel *)self, args, nargs);
}

static void kernel_dealloc(PyObject *self)
{
    Kernel *kernel = (Kernel *)self;
    PyTypeObject *type = Py_TYPE(self);
    for (int i = 0; i < kernel->arrays; i++)
        PyBuffer_Release(&kernel->array[i]);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"run", (PyCFunction)(void (*)(void))kernel_run, METH_FASTCALL, "run(*new, /)\n--\n\nWork on what is new."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_dealloc, kernel_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    "dsp._native.Kernel", sizeof(Kernel), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots,
};

int prepare_kernel_type(void)
{
    kernel_type = PyType_FromSpec(&spec);
    return kernel_type != NULL;
}
