#include "rotation.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>

#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"

enum { ROUNDS = 3, STREAM = 0x524F54 /* of rng.h, no dataset uses it */ };

struct rotation {
    int32_t d;
    float *signs;  /* (ROUNDS,d) of +-1, or NULL */
    float *matrix; /* (d,d) row-major, or NULL */
};

/* LAPACK, from OpenBLAS: QR factorisation and explicit Q; no C header in Debian. */
extern void dgeqrf_(const int *m, const int *n, double *a, const int *lda, double *tau,
                    double *work, const int *lwork, int *info);
extern void dorgqr_(const int *m, const int *n, const int *k, double *a, const int *lda,
                    const double *tau, double *work, const int *lwork, int *info);

static bool power_of_two(int32_t d) { return (d & (d - 1)) == 0; }

static enum status make_signs(struct rotation *r, uint64_t seed) {
    r->signs = mem_alloc_array((size_t)r->d, ROUNDS * sizeof *r->signs);
    if (r->signs == NULL) {
        return ST_SYSTEM;
    }
    for (int32_t i = 0; i < ROUNDS * r->d; i++) {
        uint32_t words[4];
        rng_words(seed, STREAM, 0, (uint32_t)i, words);
        r->signs[i] = words[0] >> 31 ? -1.0f : 1.0f;
    }
    return ST_OK;
}

/* Q of a (d,d) column-major Gaussian matrix in a; false when LAPACK or memory refuses. */
static bool orthogonalise(double *a, int d) {
    int lwork = 64 * d, info = 0;
    double *tau = malloc(((size_t)d * 2 + (size_t)lwork) * sizeof *tau);
    if (tau == NULL) {
        return false;
    }
    double *diagonal = tau + d, *work = tau + 2 * d;
    dgeqrf_(&d, &d, a, &d, tau, work, &lwork, &info);
    for (int i = 0; i < d; i++) {
        diagonal[i] = a[(size_t)i * (size_t)d + (size_t)i];
    }
    if (info == 0) {
        dorgqr_(&d, &d, &d, a, &d, tau, work, &lwork, &info);
    }
    for (int c = 0; c < d && info == 0; c++) {
        double sign = diagonal[c] < 0 ? -1 : 1;
        for (int i = 0; i < d; i++) {
            a[(size_t)c * (size_t)d + (size_t)i] *= sign;
        }
    }
    free(tau);
    return info == 0;
}

static enum status make_matrix(struct rotation *r, uint64_t seed) {
    size_t d = (size_t)r->d;
    double *a = mem_alloc_array(d * d, sizeof *a);
    r->matrix = mem_alloc_array(d * d, sizeof *r->matrix);
    if (a == NULL || r->matrix == NULL) {
        mem_free(a);
        return ST_SYSTEM;
    }
    for (size_t i = 0; i < d; i++) {
        rng_gaussians(seed, STREAM, i, a + i * d, d);
    }
    bool ok = orthogonalise(a, r->d);
    for (size_t i = 0; ok && i < d * d; i++) {
        r->matrix[i] = (float)a[i];
    }
    mem_free(a);
    return ok ? ST_OK
              : status_set(ST_SYSTEM, "rotation: QR of a %d x %d matrix failed", r->d, r->d);
}

enum status rotation_new(int32_t d, uint64_t seed, struct rotation **out) {
    *out = calloc(1, sizeof **out);
    if (*out == NULL) {
        return status_set(ST_SYSTEM, "rotation: out of memory");
    }
    (*out)->d = d;
    enum status st = power_of_two(d) ? make_signs(*out, seed) : make_matrix(*out, seed);
    if (st != ST_OK) {
        rotation_free(*out);
        *out = NULL;
    }
    return st;
}

void rotation_free(struct rotation *r) {
    if (r != NULL) {
        mem_free(r->signs);
        mem_free(r->matrix);
        free(r);
    }
}

const char *rotation_kind(const struct rotation *r) { return r->signs != NULL ? "fwht" : "qr"; }

static void hadamard(float *x, int32_t d) {
    for (int32_t half = 1; half < d; half *= 2) {
        for (int32_t i = 0; i < d; i += 2 * half) {
            for (int32_t j = i; j < i + half; j++) {
                float a = x[j], b = x[j + half];
                x[j] = a + b;
                x[j + half] = a - b;
            }
        }
    }
}

static void apply_fwht(const struct rotation *r, const float *in, float *out) {
    float scale = 1.0f / sqrtf((float)r->d);
    memcpy(out, in, (size_t)r->d * sizeof *out);
    for (int round = 0; round < ROUNDS; round++) {
        const float *signs = r->signs + (int64_t)round * r->d;
        for (int32_t i = 0; i < r->d; i++) {
            out[i] *= signs[i];
        }
        hadamard(out, r->d);
        for (int32_t i = 0; i < r->d; i++) {
            out[i] *= scale;
        }
    }
}

void rotation_apply(const struct rotation *r, const float *in, float *out) {
    if (r->signs != NULL) {
        apply_fwht(r, in, out);
    } else {
        cblas_sgemv(CblasRowMajor, CblasNoTrans, r->d, r->d, 1.0f, r->matrix, r->d, in, 1, 0.0f,
                    out, 1);
    }
}

enum { ROWS_TOGETHER = 256 };

struct rows_job {
    const struct rotation *r;
    const float *in;
    float *out;
    int64_t n;
};

static void rotate_rows(void *arg, int64_t item) {
    const struct rows_job *job = arg;
    int32_t d = job->r->d;
    int64_t first = item * ROWS_TOGETHER;
    int64_t m = job->n - first < ROWS_TOGETHER ? job->n - first : ROWS_TOGETHER;
    const float *in = job->in + first * d;
    float *out = job->out + first * d;
    if (job->r->signs == NULL) { /* out = in R^T */
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, d, d, 1.0f, in, d,
                    job->r->matrix, d, 0.0f, out, d);
        return;
    }
    for (int64_t i = 0; i < m; i++) {
        apply_fwht(job->r, in + i * d, out + i * d);
    }
}

void rotation_apply_rows(const struct rotation *r, const float *in, int64_t n, float *out,
                         int threads) {
    struct rows_job job = {r, in, out, n};
    workers_run(threads, (n + ROWS_TOGETHER - 1) / ROWS_TOGETHER, rotate_rows, &job);
}
