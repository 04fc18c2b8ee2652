/* One timed sample of one arm: the block of queries whose turn it is. */
#include <stdlib.h>

#include "../../harness/base/clock.h"
#include "../../harness/run/roofline.h"
#include "../../harness/base/workers.h"
#include "../kernels/cuda/device.h"
#include "../kernels/knn_driver.h"
#include "adsampling.h"

enum { CHUNK_BYTES = 1 << 20 };

struct read_job {
    const struct stream_read_impl *impl;
    const unsigned char *data;
    size_t bytes;
    volatile uint64_t sink;
};

static void read_chunk(void *arg, int64_t item) {
    struct read_job *job = arg;
    size_t from = (size_t)item * CHUNK_BYTES;
    size_t m = job->bytes - from < CHUNK_BYTES ? job->bytes - from : CHUNK_BYTES;
    job->sink = job->impl->read(job->data + from, m / 64 * 64);
}

static double read_base(const struct ads_group *s, const struct ads_cell *a) {
    struct read_job job = {a->kernel->impl, (const unsigned char *)s->data.base.rows,
                           (size_t)s->data.base.n * (size_t)s->data.base.d * sizeof(float), 0};
    int64_t chunks = (int64_t)((job.bytes + CHUNK_BYTES - 1) / CHUNK_BYTES);
    workers_run(a->threads, chunks, read_chunk,
                &job); /* what the arm before left in the caches goes */
    double start = clock_seconds();
    workers_run(a->threads, chunks, read_chunk, &job);
    return clock_seconds() - start;
}

static double *latency_room(struct ads_cell *a) {
    if (a->latency_count + (size_t)a->units > a->latency_capacity) {
        size_t capacity = 2 * (a->latency_count + (size_t)a->units);
        double *grown = realloc(a->latencies, capacity * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        a->latencies = grown;
        a->latency_capacity = capacity;
    }
    return a->latencies + a->latency_count;
}

/* Answers queries [first, first + m) into the cell's buffers. */
static enum status answer(struct ads_cell *a, int64_t first, int64_t m, double *latencies,
                          struct knn_result *out) {
    *out = (struct knn_result){.ids = a->timed_ids, .dist = a->timed_dist};
    return knn_search(a->kernel, a->index, a->problem->base.d,
                      a->problem->queries + first * a->problem->base.d, m, &a->params, a->threads,
                      a->batch, 0, out, latencies);
}

/* One query a thread, untimed, so that the caches hold what this arm leaves in them and not what
 * the arm before did: an index in daily use answers its own queries one after the other.  A wide
 * batch does that by itself. */
static enum status warm_up(const struct ads_group *s, struct ads_cell *a) {
    struct knn_result out;
    int64_t m = a->batch > 1 || a->threads > a->units ? 0 : a->threads;
    int64_t before = a->timed_first >= m ? a->timed_first - m : s->timed_queries - m;
    return a->cold ? cuda_flush_l2() : m > 0 ? answer(a, before, m, NULL, &out) : ST_OK;
}

double ads_time(struct group *g, struct cell *c, int round) {
    const struct ads_group *s = g->state;
    struct ads_cell *a = c->state;
    if (ads_is_bandwidth(c)) {
        return read_base(s, a);
    }
    /* every arm meets the same queries in the same round; wide batches all start at the first */
    int64_t slots = s->timed_queries / a->units;
    a->timed_first = slots > 1 ? round % slots * a->units : 0;
    double *latencies = latency_room(a);
    struct knn_result out = {0};
    enum status st = warm_up(s, a);
    double start = clock_seconds();
    st = st == ST_OK ? answer(a, a->timed_first, a->units, latencies, &out) : st;
    double seconds = clock_seconds() - start;
    a->timed_status = a->timed_status != ST_OK ? a->timed_status : st;
    a->latency_count += latencies != NULL ? (size_t)a->units : 0;
    return a->kernel->backend == BACKEND_CPU ? seconds : out.device_seconds;
}
