#include "roofline.h"

#include <string.h>

#include "../base/clock.h"
#include "../base/cpu.h"
#include "../base/memory.h"
#include "../base/workers.h"

enum {
    STREAM_BYTES = 256 << 20, /* per run, beyond every cache seen so far */
    STREAM_CHUNK = 1 << 20,
    CACHED_BYTES = 16 << 10, /* half of the smallest first-level cache */
    SAMPLES = 21             /* short ones: the best must fall between what the neighbours do */
};

struct job {
    const struct stream_read_impl *read;
    const struct peak_impl *peak;
    const unsigned char *data;
    volatile uint64_t sink; /* keeps the loads alive */
};

static void read_chunk(void *arg, int64_t item) {
    struct job *job = arg;
    job->sink = job->read->read(job->data + item * STREAM_CHUNK, STREAM_CHUNK);
}

enum { CACHED_TURNS = 4096, PEAK_STEPS = 200000, PEAK_ITEMS_PER_THREAD = 4, FLOP_PER_MAC = 2 };

static void read_cached(void *arg, int64_t item) {
    struct job *job = arg;
    for (int i = 0; i < CACHED_TURNS; i++) {
        job->sink = job->read->read(job->data + item * CACHED_BYTES, CACHED_BYTES);
    }
}

static void run_peak(void *arg, int64_t item) {
    struct job *job = arg;
    (void)item;
    job->sink = (uint64_t)job->peak->run(PEAK_STEPS);
}

/* Best rate of several: the machine's limit, not its mood. */
static double best_rate(int threads, int64_t items, void (*fn)(void *, int64_t), struct job *job,
                        double work_per_item) {
    double best = 0;
    for (int i = 0; i < SAMPLES; i++) {
        double start = clock_seconds();
        workers_run(threads, items, fn, job);
        double rate = work_per_item * (double)items / (clock_seconds() - start);
        best = rate > best ? rate : best;
    }
    return best;
}

/* Multiply-adds a second of one thread and of all. */
static void measure_peak(const struct kernel *kernel, int threads, double *one, double *all) {
    struct job job = {.peak = kernel->impl};
    const double work = (double)job.peak->macs * PEAK_STEPS;
    const int64_t items = PEAK_ITEMS_PER_THREAD;
    *one = best_rate(1, items, run_peak, &job, work);
    *all = best_rate(threads, threads * items, run_peak, &job, work);
}

enum status roofline_measure(int threads, struct roofline *out) {
    *out = (struct roofline){.threads = threads,
                             .read_kernel = kernel_widest("stream_read/"),
                             .peak_kernel = kernel_widest("fma_peak/"),
                             .int8_kernel = kernel_widest("int8_peak/")};
    unsigned char *data = mem_alloc(STREAM_BYTES);
    if (data == NULL) {
        return ST_SYSTEM;
    }
    memset(data, 0x5A, STREAM_BYTES);
    struct job job = {.read = out->read_kernel->impl, .data = data};
    int64_t chunks = STREAM_BYTES / STREAM_CHUNK;
    double cached = (double)CACHED_BYTES * CACHED_TURNS;
    out->read_1 = best_rate(1, chunks, read_chunk, &job, STREAM_CHUNK);
    out->read_all = best_rate(threads, chunks, read_chunk, &job, STREAM_CHUNK);
    out->cached_1 = best_rate(1, 1, read_cached, &job, cached);
    mem_free(data);
    measure_peak(out->peak_kernel, threads, &out->peak_1, &out->peak_all);
    out->peak_1 *= FLOP_PER_MAC;
    out->peak_all *= FLOP_PER_MAC;
    measure_peak(out->int8_kernel, threads, &out->int8_1, &out->int8_all);
    return ST_OK;
}

/* Rates by the names they have in a record. */
static const struct {
    const char *name;
    size_t at;
} rates[] = {
    {"read_1_thread_bytes_per_s", offsetof(struct roofline, read_1)},
    {"read_all_threads_bytes_per_s", offsetof(struct roofline, read_all)},
    {"cached_read_1_thread_bytes_per_s", offsetof(struct roofline, cached_1)},
    {"f32_peak_1_thread_flop_per_s", offsetof(struct roofline, peak_1)},
    {"f32_peak_all_threads_flop_per_s", offsetof(struct roofline, peak_all)},
    {"int8_peak_1_thread_mac_per_s", offsetof(struct roofline, int8_1)},
    {"int8_peak_all_threads_mac_per_s", offsetof(struct roofline, int8_all)},
};

void roofline_store(const struct roofline *r, struct tree *node) {
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        double rate;
        memcpy(&rate, (const char *)r + rates[i].at, sizeof rate);
        tree_set_f64(node, rates[i].name, rate);
    }
    tree_set_i64(node, "threads", r->threads);
    tree_set_string(node, "read_kernel", r->read_kernel->name);
    tree_set_string(node, "peak_kernel", r->peak_kernel->name);
    tree_set_string(node, "int8_peak_kernel", r->int8_kernel->name);
}

static const struct kernel *load_kernel(const struct tree *node, const char *name) {
    const char *kernel = tree_get_string(node, name);
    return kernel != NULL ? kernel_find(kernel) : NULL;
}

bool roofline_load(const struct tree *node, struct roofline *out) {
    bool ok = true;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        double rate = tree_get_f64(node, rates[i].name, 0);
        memcpy((char *)out + rates[i].at, &rate, sizeof rate);
        ok = ok && rate > 0;
    }
    out->threads = (int)tree_get_i64(node, "threads", 0);
    out->read_kernel = load_kernel(node, "read_kernel");
    out->peak_kernel = load_kernel(node, "peak_kernel");
    out->int8_kernel = load_kernel(node, "int8_peak_kernel");
    return ok && out->threads > 0 && out->read_kernel != NULL && out->peak_kernel != NULL &&
           out->int8_kernel != NULL;
}
