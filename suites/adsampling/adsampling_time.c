/* One timed sample of one arm: the block of queries whose turn it is. */
#include <stdlib.h>

#include "../../harness/roofline.h"
#include "../../harness/workers.h"
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
    workers_run(a->threads, chunks, read_chunk, &job);
    return -1;
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

double ads_time(struct group *g, struct cell *c, int round) {
    const struct ads_group *s = g->state;
    struct ads_cell *a = c->state;
    if (ads_is_bandwidth(c)) {
        return read_base(s, a);
    }
    /* every arm meets the same queries in the same round; wide batches all start at the first */
    int64_t slots = s->timed_queries / a->units;
    a->timed_first = slots > 1 ? round % slots * a->units : 0;
    int64_t m = a->units;
    double *latencies = latency_room(a);
    struct knn_result out = {.ids = a->timed_ids, .dist = a->timed_dist};
    if (a->cold) {
        a->timed_status = cuda_flush_l2();
    }
    enum status st = knn_search(a->kernel, a->index, a->problem->base.d,
                                a->problem->queries + a->timed_first * a->problem->base.d, m,
                                &a->params, a->threads, a->batch, 0, &out, latencies);
    a->timed_status = a->timed_status != ST_OK ? a->timed_status : st;
    a->latency_count += latencies != NULL ? (size_t)m : 0;
    return a->kernel->backend == BACKEND_CPU ? -1 : out.device_seconds;
}
