/* Bound kernels: the state of one stage, its parameters, and the function that works on them. */
#include "glue.h"

#define MOST_ARRAYS 8
#define MOST_NUMBERS 64

struct kind;

typedef struct {
    PyObject_HEAD
    const struct kind *kind;
    int arrays, busy;
    Py_buffer array[MOST_ARRAYS];
    double number[MOST_NUMBERS];
    union {
        struct fir fir;
        struct echo echo;
        struct activity activity;
        struct denoise denoise;
        struct limiter limiter;
    } state;
} Kernel;

struct kind {
    const char *name;
    const char *formats;
    /* One letter per array: f float32, d float64, l int64; capital: only read. */
    int numbers;
    /* Sets an exception and returns 0 where lengths and parameters do not belong together. */
    int (*prepare)(Kernel *kernel);
    /* How many float32 its memory needs, -1 with an exception; NULL where it has none. */
    Py_ssize_t (*measure)(Kernel *kernel);
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

/* The next parameters, one after the other, of one type. */
static int take_whole(const Kernel *k, int *at, ptrdiff_t **to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!whole(k, (*at)++, to[i]))
            return 0;
    return 1;
}

static int take_single(const Kernel *k, int *at, float **to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *to[i] = (float)k->number[(*at)++];
    return 1;
}

static int take_double(const Kernel *k, int *at, double **to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *to[i] = k->number[(*at)++];
    return 1;
}

#define LISTED(type, ...) (type *[]){__VA_ARGS__}, sizeof((type *[]){__VA_ARGS__}) / sizeof(type *)
#define WHOLE(k, at, ...) take_whole(k, at, LISTED(ptrdiff_t, __VA_ARGS__))
#define SINGLE(k, at, ...) take_single(k, at, LISTED(float, __VA_ARGS__))
#define DOUBLE(k, at, ...) take_double(k, at, LISTED(double, __VA_ARGS__))

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

/* -- echo: memory, window; the parameters as they stand in echo_state.h -- */

static int echo_takes(Kernel *k)
{
    struct echo_parameters *is = &k->state.echo.is;
    int at = 0;
    return WHOLE(k, &at, &is->block, &is->low, &is->stop, &is->farthest, &is->partitions, &is->lead, &is->patience,
                 &is->first_slack, &is->slack, &is->settled, &is->settling, &is->upkeep, &is->seen, &is->farthest_jump) &&
           SINGLE(k, &at, &is->suppression, &is->least_gain, &is->unheard_energy, &is->memory, &is->quiet, &is->clearly,
                  &is->coherent, &is->related, &is->kept, &is->confidence, &is->common, &is->drift,
                  &is->first_uncertainty, &is->uncertainty_decay, &is->noise_memory, &is->noise_floor, &is->misfit,
                  &is->misfit_share, &is->misfit_memory, &is->audible_energy, &is->refitted,
                  &is->clearly_audible_energy, &is->alike, &is->clearly_alike, &is->emphasis, &is->faint,
                  &is->most_drift, &is->first_spread, &is->wander, &is->jitter, &is->least_move, &is->longest);
}

/* What the state needs, -1 with an exception where the parameters are out of bounds. */
static Py_ssize_t echo_measure(Kernel *k)
{
    struct echo *e = &k->state.echo;
    const struct echo_parameters *is = &e->is;
    if (!echo_takes(k))
        return -1;
    if (is->block < 4 || is->block > FFT_LONGEST / 2 || is->low < 1 || is->stop <= is->low || is->stop >= is->block ||
        is->partitions < 4 || is->partitions > ECHO_PARTITIONS || is->seen < 1 || is->farthest_jump < 1 ||
        is->seen > ECHO_BLOCKS_SEEN || is->farthest_jump > ECHO_BLOCKS_SEEN - is->seen || is->farthest >= ECHO_LAGS || is->upkeep < 1)
        return refused("echo", "parameters within its bounds") - 1;
    e->fft = fft_plan(2 * is->block);
    e->bins = is->block + 1;
    e->stride = (e->bins + ECHO_PADDING - 1) / ECHO_PADDING * ECHO_PADDING;
    e->places = (is->stop - is->low + 1) / 2;
    e->row = (e->places + ECHO_PADDING - 1) / ECHO_PADDING * ECHO_PADDING;
    e->lags = is->farthest + 1;
    e->blocks = is->farthest + is->partitions + 1;
    if (e->fft == NULL)
        return refused("echo", "another length") - 1;
    return echo_layout(e, NULL);
}

static int echo_prepare(Kernel *k)
{
    struct echo *e = &k->state.echo;
    Py_ssize_t needed = echo_measure(k);
    if (needed < 0)
        return 0;
    if (items(k, 0) != needed || items(k, 1) != 2 * e->is.block)
        return refused("echo", "memory and a window of the right lengths");
    e->window = k->array[1].buf;
    echo_layout(e, k->array[0].buf);
    memset(k->array[0].buf, 0, (size_t)k->array[0].len);
    kernels->echo_start(e);
    return 1;
}

/* run(near, far, out): how many samples wait for the next block; None where the input is not float32 within [-1, 1].
 * With a fourth argument the input was checked and converted already. */
static PyObject *echo_run(Kernel *k, PyObject *const *args, Py_ssize_t nargs)
{
    struct echo *e = &k->state.echo;
    Py_buffer near, far, out;
    if (nargs != 3 && nargs != 4)
        return PyErr_Format(PyExc_ValueError, "echo: expected two channels and room");
    PyObject *answer = NULL;
    int checked = nargs == 4, good = 0;
    if (get_run(args[0], &near, "f", 0)) {
        if (get_run(args[1], &far, "f", 0)) {
            Py_ssize_t count = near.len / 4;
            good = near.len == far.len && (checked || (kernels->fits(near.buf, count) && kernels->fits(far.buf, count)));
            if (good && get_run(args[2], &out, "f", PyBUF_WRITABLE)) {
                if (out.len / 4 == (e->waiting + count) / e->is.block * e->is.block) {
                    UNLOCKED_IF(count > 2048, kernels->echo(e, near.buf, far.buf, count, out.buf));
                    answer = PyLong_FromSsize_t(e->waiting);
                }
                PyBuffer_Release(&out);
            }
            PyBuffer_Release(&far);
        }
        PyBuffer_Release(&near);
    }
    if (answer == NULL && !PyErr_Occurred()) {
        if (!good && !checked)
            return Py_NewRef(Py_None);
        PyErr_Format(PyExc_ValueError, "echo: expected two runs of float32, and room for whole blocks");
    }
    return answer;
}

/* run(samples, out) of a stage of one channel: True; None where the input is not plain float32. With a third argument
 * the input was checked and converted already. `room` says how many samples the answer to so many has. */
static PyObject *run_channel(Kernel *k, PyObject *const *args, Py_ssize_t nargs,
                             Py_ssize_t (*room)(const Kernel *, Py_ssize_t),
                             void (*work)(Kernel *, const float *, Py_ssize_t, float *))
{
    Py_buffer samples, out;
    if (nargs != 2 && nargs != 3)
        return PyErr_Format(PyExc_ValueError, "%s: expected samples and room", k->kind->name);
    int good = get_run(args[0], &samples, "f", 0), done = 0;
    if (good) {
        Py_ssize_t count = samples.len / 4;
        good = nargs == 3 || kernels->all_plain(samples.buf, count);
        if (good && get_run(args[1], &out, "f", PyBUF_WRITABLE)) {
            if (out.len / 4 == room(k, count)) {
                UNLOCKED_IF(count > 2048, work(k, samples.buf, count, out.buf));
                done = 1;
            }
            PyBuffer_Release(&out);
        }
        PyBuffer_Release(&samples);
    }
    if (done)
        return Py_NewRef(Py_True);
    if (!good && nargs == 2)
        return Py_NewRef(Py_None);
    return PyErr_Format(PyExc_ValueError, "%s: expected a run of float32, and room for the answer", k->kind->name);
}

/* -- activity: memory, taper, scale, octaves, bins, network; the parameters as they stand in activity_state.h -- */

static Py_ssize_t activity_measure(Kernel *k)
{
    struct activity *a = &k->state.activity;
    struct activity_parameters *is = &a->is;
    int at = 0;
    if (!WHOLE(k, &at, &is->hop, &is->window, &is->length, &is->correlated, &is->pitched_from, &is->pitched_to,
               &is->lag_from, &is->lag_to, &is->bands, &is->units) ||
        !SINGLE(k, &at, &is->quietest, &is->floor_rise, &is->floor_fall, &is->peak_rise, &is->peak_fall,
                &is->fastest_fall))
        return -1;
    a->fft = fft_plan(is->length), a->lags = fft_plan(is->correlated);
    if (a->fft == NULL || a->lags == NULL || is->correlated > is->length || is->hop < 1 || is->hop > is->window ||
        is->window > is->length ||
        is->pitched_from > is->pitched_to || is->pitched_to > is->correlated / 2 || is->lag_from >= is->lag_to ||
        is->lag_to > is->correlated || is->bands < 1 || is->bands > ACTIVITY_BANDS || is->units < 1 ||
        is->units > ACTIVITY_UNITS)
        return refused("activity", "parameters within its bounds") - 1;
    return activity_layout(a, NULL);
}

static int activity_prepare(Kernel *k)
{
    struct activity *a = &k->state.activity;
    Py_ssize_t needed = activity_measure(k);
    if (needed < 0)
        return 0;
    if (items(k, 0) != needed || items(k, 1) != a->is.window || items(k, 2) != a->is.bands ||
        items(k, 3) != a->is.lag_to - a->is.lag_from || items(k, 4) != a->is.bands + 1 ||
        items(k, 5) != activity_network_size(a))
        return refused("activity", "memory and constants of the right lengths");
    a->taper = k->array[1].buf, a->scale = k->array[2].buf, a->octaves = k->array[3].buf;
    a->bins = k->array[4].buf, a->network = k->array[5].buf;
    for (ptrdiff_t band = 0; band < a->is.bands; band++)
        if (a->bins[band] < 0 || a->bins[band] > a->bins[band + 1] || a->bins[band + 1] > a->is.length / 2 + 1)
            return refused("activity", "bands of the spectrum");
    activity_layout(a, k->array[0].buf);
    memset(k->array[0].buf, 0, (size_t)k->array[0].len);
    kernels->activity_start(a);
    return 1;
}

static Py_ssize_t activity_room(const Kernel *k, Py_ssize_t count)
{
    const struct activity *a = &k->state.activity;
    Py_ssize_t all = a->filled + count;
    return all < a->is.window ? 0 : (all - a->is.window) / a->is.hop + 1;
}

static PyObject *listed(const float *values, Py_ssize_t count)
{
    PyObject *list = PyList_New(count);
    for (Py_ssize_t i = 0; list != NULL && i < count; i++) {
        PyObject *value = PyFloat_FromDouble(values[i]);
        if (value == NULL || PyList_SetItem(list, i, value) != 0)
            Py_CLEAR(list);
    }
    return list;
}

/* run(samples): the probability of every hop that they complete; None where the input is not plain float32. With a
 * second argument the input was checked and converted already. */
static PyObject *activity_run(Kernel *k, PyObject *const *args, Py_ssize_t nargs)
{
    Py_buffer samples;
    if (nargs != 1 && nargs != 2)
        return PyErr_Format(PyExc_ValueError, "activity: expected samples");
    if (!get_run(args[0], &samples, "f", 0))
        return nargs == 1 ? Py_NewRef(Py_None) : PyErr_Format(PyExc_ValueError, "activity: expected a run of float32");
    Py_ssize_t count = samples.len / 4, hops = activity_room(k, count);
    PyObject *answer = NULL;
    float few[8], *found = hops <= 8 ? few : PyMem_Malloc(sizeof(float) * (size_t)hops);
    if (found == NULL)
        PyErr_NoMemory();
    else if (nargs == 1 && !kernels->all_plain(samples.buf, count))
        answer = Py_NewRef(Py_None);
    else {
        UNLOCKED_IF(count > 2048, kernels->activity(&k->state.activity, samples.buf, count, found));
        answer = listed(found, hops);
    }
    if (found != few)
        PyMem_Free(found);
    PyBuffer_Release(&samples);
    return answer;
}

/* -- denoise: memory, taper, told; the parameters as they stand in denoise_state.h -- */

static Py_ssize_t denoise_measure(Kernel *k)
{
    struct denoise *d = &k->state.denoise;
    struct denoise_parameters *is = &d->is;
    int at = 0;
    if (!WHOLE(k, &at, &is->hop, &is->enabled, &is->media, &is->window_hops) ||
        !DOUBLE(k, &at, &is->static_threshold, &is->offset, &is->percentiles[0], &is->percentiles[1],
                &is->percentiles[2]) ||
        !WHOLE(k, &at, &is->first_bin, &is->level_count) ||
        !DOUBLE(k, &at, &is->release, &is->slope, &is->deepest_db, &is->quietest, &is->lowest_level, &is->level_step,
                &is->steady) ||
        !WHOLE(k, &at, &is->first_hops) || !DOUBLE(k, &at, &is->audible, &is->loud) ||
        !SINGLE(k, &at, &is->lowest_noise, &is->speech_prior, &is->presence_step, &is->most_present, &is->noise_step,
                &is->steadiness))
        return -1;
    d->fft = fft_plan(2 * is->hop);
    if (d->fft == NULL || is->hop < 2 || is->window_hops < 1 || is->window_hops > 1 << 20 || is->first_bin > is->hop ||
        is->level_count < 1 || is->level_count > 256 || !(is->level_step > 0) || !(is->lowest_noise > 0))
        return refused("denoise", "parameters within its bounds") - 1;
    return denoise_layout(d, NULL);
}

static int denoise_prepare(Kernel *k)
{
    struct denoise *d = &k->state.denoise;
    Py_ssize_t needed = denoise_measure(k);
    if (needed < 0)
        return 0;
    if (items(k, 0) != needed || items(k, 1) != 2 * d->is.hop || items(k, 2) != 1)
        return refused("denoise", "memory and constants of the right lengths");
    d->taper = k->array[1].buf;
    d->told = k->array[2].buf;
    denoise_layout(d, k->array[0].buf);
    memset(k->array[0].buf, 0, (size_t)k->array[0].len);
    kernels->denoise_start(d);
    return 1;
}

static Py_ssize_t denoise_room(const Kernel *k, Py_ssize_t count)
{
    const struct denoise *d = &k->state.denoise;
    return ((d->filled + count) / d->is.hop - 1) * d->is.hop;
}

static void denoise_work(Kernel *k, const float *samples, Py_ssize_t count, float *out)
{
    kernels->denoise(&k->state.denoise, samples, count, out);
}

static PyObject *denoise_run(Kernel *k, PyObject *const *args, Py_ssize_t nargs)
{
    return run_channel(k, args, nargs, denoise_room, denoise_work);
}

/* -- limiter: memory; the parameters as they stand in limiter_state.h, the factor 0 where only samples count -- */

static Py_ssize_t limiter_measure(Kernel *k)
{
    struct limiter *l = &k->state.limiter;
    struct limiter_parameters *is = &l->is;
    int at = 0;
    if (!WHOLE(k, &at, &is->factor, &is->seen_late, &is->window, &is->step, &is->one) ||
        !DOUBLE(k, &at, &is->ceiling, &is->quiet))
        return -1;
    if (is->window < 2 || is->window > 1 << 16 || is->seen_late > 1 << 16 || is->one < 1 || !(is->ceiling > 0))
        return refused("limiter", "parameters within its bounds") - 1;
    return limiter_layout(l, NULL);
}

static int limiter_prepare(Kernel *k)
{
    Py_ssize_t needed = limiter_measure(k);
    if (needed < 0)
        return 0;
    if (items(k, 0) != needed)
        return refused("limiter", "memory of the right length");
    limiter_layout(&k->state.limiter, k->array[0].buf);
    memset(k->array[0].buf, 0, (size_t)k->array[0].len);
    return 1;
}

/* run(samples, out): True where they were only delayed, None where more is to be done: run(samples, out, between), all
 * of it plain float32, with an empty `between` where only samples count. */
static PyObject *limiter_run(Kernel *k, PyObject *const *args, Py_ssize_t nargs)
{
    struct limiter *l = &k->state.limiter;
    Py_buffer samples, out, between;
    int right = 0, done = 0;
    if (nargs != 2 && nargs != 3)
        return PyErr_Format(PyExc_ValueError, "limiter: expected samples and room");
    if (get_run(args[0], &samples, "f", 0)) {
        if (get_run(args[1], &out, "f", PyBUF_WRITABLE)) {
            Py_ssize_t count = samples.len / 4;
            right = out.len == samples.len;
            if (right && nargs == 2)
                done = kernels->limiter_rest(l, samples.buf, count, out.buf);
            else if (right && (right = get_run(args[2], &between, "f", 0))) {
                right = between.len / 4 == count * l->is.factor;
                if (right)
                    UNLOCKED_IF(count > 2048, kernels->limiter(l, samples.buf, between.buf, count, out.buf));
                done = right;
                PyBuffer_Release(&between);
            }
            PyBuffer_Release(&out);
        }
        PyBuffer_Release(&samples);
    }
    if (!right)
        return PyErr_Format(PyExc_ValueError, "limiter: expected runs of float32 of lengths that belong together");
    return done ? Py_NewRef(Py_True) : Py_NewRef(Py_None);
}

static const struct kind kinds[] = {
    {"limiter", "f", 7, limiter_prepare, limiter_measure, limiter_run},
    {"activity", "fFFFLF", 16, activity_prepare, activity_measure, activity_run},
    {"denoise", "fFd", 27, denoise_prepare, denoise_measure, denoise_run},
    {"echo", "fF", 46, echo_prepare, echo_measure, echo_run},
    {"fir", "fLFL", 7, fir_prepare, NULL, fir_run},
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

/* A kernel of the kind that the first argument names, with the numbers of the second. */
static Kernel *made(PyObject *const *args)
{
    const struct kind *kind = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        PyObject *name = PyUnicode_FromString(kinds[i].name);
        if (name != NULL && PyObject_RichCompareBool(name, args[0], Py_EQ) == 1)
            kind = &kinds[i];
        Py_XDECREF(name);
    }
    if (PyErr_Occurred())
        return NULL;
    if (kind == NULL) {
        PyErr_Format(PyExc_ValueError, "bind: found no kind %R", args[0]);
        return NULL;
    }
    Kernel *kernel = (Kernel *)PyType_GenericAlloc((PyTypeObject *)kernel_type, 0);
    if (kernel == NULL)
        return NULL;
    kernel->kind = kind;
    if (!take_numbers(kernel, args[1]))
        Py_CLEAR(kernel);
    return kernel;
}

PyObject *bind(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (nargs != 3)
        return PyErr_Format(PyExc_ValueError, "bind: expected a kind, numbers and arrays");
    Kernel *kernel = made(args);
    if (kernel != NULL && (!take_arrays(kernel, args[2]) || !kernel->kind->prepare(kernel)))
        Py_CLEAR(kernel);
    return (PyObject *)kernel;
}

PyObject *measure(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (nargs != 2)
        return PyErr_Format(PyExc_ValueError, "measure: expected a kind and numbers");
    Kernel *kernel = made(args);
    if (kernel == NULL)
        return NULL;
    Py_ssize_t floats = kernel->kind->measure ? kernel->kind->measure(kernel) : 0;
    Py_DECREF(kernel);
    return floats < 0 ? NULL : PyLong_FromSsize_t(floats);
}

static PyObject *kernel_run(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    Kernel *kernel = (Kernel *)self;
    if (kernel->busy) {
        PyErr_SetString(PyExc_RuntimeError, "a stage was fed by two threads at once");
        return NULL;
    }
    kernel->busy = 1; /* the work may be done without the GIL */
    PyObject *answer = kernel->kind->run(kernel, args, nargs);
    kernel->busy = 0;
    return answer;
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
