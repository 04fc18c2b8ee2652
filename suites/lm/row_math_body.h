/* The loops that every instruction set of row_math shares: plain C that compilers vectorise.  The
 * including file defines ROW_MATH_TABLE. */
#include <math.h>

#include "row_exp.h"
#include "row_math.h"

/* Sums and maxima run in this many lanes, because a compiler may not reorder them itself; the
 * result is the same for every instruction set as far as the lanes go. */
enum { LANES = 16 };

static float row_max(const float *row, int64_t n) {
    float lane[LANES];
    for (int i = 0; i < LANES; i++) {
        lane[i] = row[0];
    }
    int64_t at = 0;
    for (; at + LANES <= n; at += LANES) {
        for (int i = 0; i < LANES; i++) {
            lane[i] = row[at + i] > lane[i] ? row[at + i] : lane[i];
        }
    }
    float most = row[0];
    for (int i = 0; i < LANES; i++) {
        most = lane[i] > most ? lane[i] : most;
    }
    for (; at < n; at++) {
        most = row[at] > most ? row[at] : most;
    }
    return most;
}

/* Sets row to exp(row - most) and returns the sum of that. */
static float exp_in_place(float *row, int64_t n, float most) {
    float lane[LANES] = {0};
    int64_t at = 0;
    for (; at + LANES <= n; at += LANES) {
        for (int i = 0; i < LANES; i++) {
            row[at + i] = exp_row(row[at + i] - most);
            lane[i] += row[at + i];
        }
    }
    double sum = 0;
    for (int i = 0; i < LANES; i++) {
        sum += (double)lane[i];
    }
    for (; at < n; at++) {
        row[at] = exp_row(row[at] - most);
        sum += (double)row[at];
    }
    return (float)sum;
}

static void softmax(float *row, int64_t n) {
    const float most = row_max(row, n), share = 1.0F / exp_in_place(row, n, most);
    for (int64_t i = 0; i < n; i++) {
        row[i] *= share;
    }
}

/* Lanes of float32 hold few terms each and are then added up in float64. */
enum { TERMS = 16 };

static double exp_sum(const float *row, int64_t n, float *max) {
    const float most = row_max(row, n);
    double s = 0;
    for (int64_t at = 0; at < n;) {
        float lane[LANES] = {0};
        const int64_t stop = n - at < LANES * TERMS ? n : at + LANES * TERMS;
        for (; at + LANES <= stop; at += LANES) {
            for (int i = 0; i < LANES; i++) {
                lane[i] += exp_row(row[at + i] - most);
            }
        }
        for (int i = 0; at < stop; at++, i++) {
            lane[i] += exp_row(row[at] - most);
        }
        for (int i = 0; i < LANES; i++) {
            s += (double)lane[i];
        }
    }
    *max = most;
    return s;
}

static double entropy(const float *row, int64_t n) {
    const float most = row_max(row, n);
    double s = 0, t = 0;
    for (int64_t at = 0; at < n;) {
        float lane_s[LANES] = {0}, lane_t[LANES] = {0};
        const int64_t stop = n - at < LANES * TERMS ? n : at + LANES * TERMS;
        for (; at + LANES <= stop; at += LANES) {
            for (int i = 0; i < LANES; i++) {
                const float z = row[at + i] - most, e = exp_row(z);
                lane_s[i] += e;
                lane_t[i] += z * e;
            }
        }
        for (int i = 0; at < stop; at++, i++) {
            const float z = row[at] - most, e = exp_row(z);
            lane_s[i] += e;
            lane_t[i] += z * e;
        }
        for (int i = 0; i < LANES; i++) {
            s += (double)lane_s[i];
            t += (double)lane_t[i];
        }
    }
    return log(s) - t / s;
}

static void swiglu(const float *gate, const float *up, float *out, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        out[i] = gate[i] / (1.0F + exp_row(-gate[i])) * up[i];
    }
}

const struct row_math ROW_MATH_TABLE = {softmax, exp_sum, entropy, swiglu};
