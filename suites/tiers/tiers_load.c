#include "tiers_load.h"

#include "../../harness/base/clock.h"

/* Serves request `index` of the stream and writes it down at `at`; when it was answered. */
static uint64_t serve(struct tiers_server *s, const struct tiers_stream *stream, int64_t index,
                      uint64_t due, float *logits, struct tiers_log *log, int64_t at) {
    const struct tiers_answer a = tiers_serve(s, &stream->requests[index], logits, NULL);
    const uint64_t answered = clock_nanoseconds();
    log->latency_ns[at] = tiers_latency_ns(due, answered);
    log->tier[at] = (uint8_t)a.tier;
    log->hit[at] = a.hit;
    return answered;
}

double tiers_load_closed(struct tiers_server *s, const struct tiers_stream *stream, int64_t first,
                         int64_t count, float *logits, struct tiers_log *log) {
    const uint64_t began = clock_nanoseconds();
    uint64_t answered = began;
    for (int64_t i = 0; i < count; i++) {
        answered = serve(s, stream, first + i, clock_nanoseconds(), logits, log, i);
    }
    return 1e-9 * (double)(answered - began);
}

double tiers_load_open(struct tiers_server *s, const struct tiers_stream *stream, int64_t first,
                       int64_t count, const double *arrival, float *logits, struct tiers_log *log) {
    const uint64_t began = clock_nanoseconds();
    uint64_t answered = began;
    for (int64_t i = 0; i < count; i++) {
        const uint64_t due = began + (uint64_t)(1e9 * arrival[i]);
        while (clock_nanoseconds() < due) {
        }
        answered = serve(s, stream, first + i, due, logits, log, i);
    }
    return 1e-9 * (double)(answered - began);
}
