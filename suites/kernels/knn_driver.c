#include "knn_driver.h"

#include <stdatomic.h>
#include <stdio.h>

#include "../../harness/base/clock.h"
#include "../../harness/base/workers.h"

struct job {
    const struct knn_impl *impl;
    const void *index;
    int32_t d, level_count, batch;
    const float *queries;
    int64_t nq;
    const struct knn_params *params;
    struct knn_result *out;
    double *latencies;
    atomic_int status;
    char message[512]; /* written by the thread that set status first */
};

static void answer_batch(void *arg, int64_t item) {
    struct job *job = arg;
    int64_t first = item * job->batch;
    int64_t m = job->nq - first < job->batch ? job->nq - first : job->batch;
    int32_t k = job->params->k;
    struct knn_result part = {
        .ids = job->out->ids + first * k,
        .dist = job->out->dist + first * k,
        .levels = job->out->levels != NULL ? job->out->levels + first * job->level_count : NULL,
    };
    double start = clock_seconds();
    enum status st =
        job->impl->search(job->index, job->queries + first * job->d, m, job->params, &part);
    double seconds = clock_seconds() - start;
    for (int64_t q = 0; job->latencies != NULL && q < m; q++) {
        job->latencies[first + q] = part.device_seconds > 0 ? part.device_seconds : seconds;
    }
    int none = ST_OK;
    if (st != ST_OK && atomic_compare_exchange_strong(&job->status, &none, (int)st)) {
        snprintf(job->message, sizeof job->message, "%s", status_message());
    }
    if (part.device_seconds > 0) { /* a device kernel: its batches run on one thread */
        job->out->device_seconds += part.device_seconds;
    }
}

enum status knn_search(const struct kernel *kernel, const void *index, int32_t d,
                       const float *queries, int64_t nq, const struct knn_params *params,
                       int threads, int32_t batch, int32_t level_count, struct knn_result *out,
                       double *latencies) {
    struct job job = {.impl = kernel->impl,
                      .index = index,
                      .d = d,
                      .batch = batch,
                      .level_count = level_count,
                      .queries = queries,
                      .nq = nq,
                      .params = params,
                      .out = out,
                      .latencies = latencies};
    if (batch <= 0) {
        job.batch = job.impl->batch;
    }
    int64_t batches = (nq + job.batch - 1) / job.batch;
    out->device_seconds = 0;
    workers_run(kernel->backend == BACKEND_CPU ? threads : 1, batches, answer_batch, &job);
    enum status st = (enum status)atomic_load(&job.status);
    return st == ST_OK ? ST_OK : status_set(st, "%s", job.message);
}
