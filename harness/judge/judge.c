#include "judge.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../base/memory.h"

enum { CANARY_BYTES = 256, CANARY = 0xC5 };

void judge_begin(struct judge *j) { *j = (struct judge){.verdict = VERDICT_PASS}; }

uint64_t judge_checksum(const void *data, size_t bytes) {
    enum { LANES = 8 };
    const unsigned char *p = data;
    uint64_t lane[LANES], word[LANES];
    for (size_t i = 0; i < LANES; i++) {
        lane[i] = 0x9E3779B97F4A7C15u * (2 * i + 1);
    }
    size_t whole = bytes / sizeof word;
    for (size_t i = 0; i < whole; i++) {
        memcpy(word, p + i * sizeof word, sizeof word);
        for (size_t l = 0; l < LANES; l++) {
            lane[l] = (lane[l] ^ word[l]) * 0x100000001B3u;
        }
    }
    uint64_t sum = bytes;
    for (size_t l = 0; l < LANES; l++) {
        sum = (sum ^ lane[l] ^ lane[l] >> 29) * 0x9E3779B97F4A7C15u;
    }
    for (size_t i = whole * sizeof word; i < bytes; i++) {
        sum = (sum ^ p[i]) * 0x100000001B3u;
    }
    return sum;
}

void judge_watch(struct judge *j, const char *name, const void *data, size_t bytes) {
    if (data != NULL && j->input_count == JUDGE_INPUTS) {
        judge_fail(j, "judge: more than %d inputs to watch, at %s", JUDGE_INPUTS, name);
    } else if (data != NULL) {
        j->inputs[j->input_count++] =
            (struct judge_input){name, data, bytes, judge_checksum(data, bytes)};
    }
}

void judge_rewatch(struct judge *j, const void *data) {
    for (size_t i = 0; i < j->input_count; i++) {
        if (j->inputs[i].data == data) {
            j->inputs[i].checksum = judge_checksum(data, j->inputs[i].bytes);
        }
    }
}

void *judge_output(struct judge *j, const char *name, size_t bytes) {
    if (j->output_count == JUDGE_OUTPUTS) {
        status_set(ST_SYSTEM, "judge: more than %d outputs", JUDGE_OUTPUTS);
        return NULL;
    }
    unsigned char *memory = mem_alloc(bytes + 2 * CANARY_BYTES);
    if (memory == NULL) {
        return NULL;
    }
    memset(memory, CANARY, bytes + 2 * CANARY_BYTES);
    j->outputs[j->output_count++] = (struct judge_output){name, memory, bytes};
    return memory + CANARY_BYTES;
}

void judge_poison(struct judge *j) {
    for (size_t i = 0; i < j->output_count; i++) {
        memset(j->outputs[i].memory + CANARY_BYTES, JUDGE_POISON, j->outputs[i].bytes);
    }
}

static bool canary_intact(const unsigned char *p) {
    for (size_t i = 0; i < CANARY_BYTES; i++) {
        if (p[i] != CANARY) {
            return false;
        }
    }
    return true;
}

void judge_called(struct judge *j) {
    for (size_t i = 0; i < j->output_count; i++) {
        const struct judge_output *o = &j->outputs[i];
        if (!canary_intact(o->memory) || !canary_intact(o->memory + CANARY_BYTES + o->bytes)) {
            judge_fail(j, "wrote outside of %s", o->name);
        }
    }
    for (size_t i = 0; i < j->input_count; i++) {
        const struct judge_input *in = &j->inputs[i];
        if (judge_checksum(in->data, in->bytes) != in->checksum) {
            judge_fail(j, "changed its input %s", in->name);
        }
    }
}

void judge_end(struct judge *j) {
    for (size_t i = 0; i < j->output_count; i++) {
        mem_free(j->outputs[i].memory);
    }
    j->output_count = 0;
}

static void lower(struct judge *j, enum verdict v, const char *format, va_list args) {
    if (v > j->verdict) {
        j->verdict = v;
        vsnprintf(j->reason, sizeof j->reason, format, args);
    }
}

void judge_fail(struct judge *j, const char *format, ...) {
    va_list args;
    va_start(args, format);
    lower(j, VERDICT_FAIL, format, args);
    va_end(args);
}

void judge_marginal(struct judge *j, const char *format, ...) {
    va_list args;
    va_start(args, format);
    lower(j, VERDICT_MARGINAL, format, args);
    va_end(args);
}

void judge_near(struct judge *j, const char *what, int64_t index, double got, double want,
                double hard, double likely) {
    double error = fabs(got - want);
    if (!(error <= hard && isfinite(hard))) {
        judge_fail(j, "%s[%lld]: got %.9g, oracle %.9g, error %.3g > bound %.3g", what,
                   (long long)index, got, want, error, hard);
    } else if (!(error <= likely)) {
        judge_marginal(j, "%s[%lld]: got %.9g, oracle %.9g, error %.3g > likely %.3g", what,
                       (long long)index, got, want, error, likely);
    }
}

double judge_gamma(double m) {
    const double u = 0x1p-24;
    return m * u / (1 - m * u);
}

double judge_gamma_likely(double m) {
    const double u = 0x1p-24;
    return 4 * sqrt(m) * u;
}

void judge_sums(struct judge *j, const char *what, const float *got, const double *want,
                const double *terms, int64_t count, double roundings) {
    /* The oracle's own rounding in float64 is a 2^-29th of float32's. */
    const double hard = judge_gamma(roundings) * (1 + 0x1p-20);
    const double likely = judge_gamma_likely(roundings);
    for (int64_t i = 0; i < count && j->verdict != VERDICT_FAIL; i++) {
        judge_near(j, what, i, (double)got[i], want[i], hard * terms[i], likely * terms[i]);
    }
}
