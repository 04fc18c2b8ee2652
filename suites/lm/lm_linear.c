#include <cblas.h>
#include <math.h>

#include "../../harness/base/workers.h"
#include "lm_model.h"

/* With so many rows a thread, each thread takes rows, and sgemm packs the whole matrix for them;
 * with fewer, each thread takes outputs. */
enum { ROWS_A_THREAD = 128, OUTPUTS_STEP = 16 };

struct linear_job {
    const float *x, *w;
    float *y;
    int64_t rows, inputs, outputs;
    int64_t row_step, output_step; /* of one item */
    float beta;
};

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static void linear_item(void *arg, int64_t item) {
    const struct linear_job *job = arg;
    const int64_t row_items = (job->rows + job->row_step - 1) / job->row_step;
    const int64_t row = item % row_items * job->row_step;
    const int64_t output = item / row_items * job->output_step;
    const int rows = (int)smaller(job->row_step, job->rows - row);
    const int outputs = (int)smaller(job->output_step, job->outputs - output);
    const int inputs = (int)job->inputs;
    const float *x = job->x + row * job->inputs, *w = job->w + output * job->inputs;
    float *y = job->y + row * job->outputs + output;
    if (rows == 1) {
        cblas_sgemv(CblasRowMajor, CblasNoTrans, outputs, inputs, 1, w, inputs, x, 1, job->beta, y,
                    1);
    } else {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, outputs, inputs, 1, x, inputs, w,
                    inputs, job->beta, y, (int)job->outputs);
    }
}

void lm_linear(const float *x, const float *w, float *y, int64_t rows, int64_t inputs,
               int64_t outputs, bool add, int threads) {
    const int64_t parts = threads > 1 ? threads : 1;
    struct linear_job job = {x,
                             w,
                             y,
                             rows,
                             inputs,
                             outputs,
                             .row_step = rows,
                             .output_step = outputs,
                             .beta = add ? 1 : 0};
    int64_t items;
    if (rows >= parts * ROWS_A_THREAD) {
        job.row_step = (rows + parts - 1) / parts;
        items = (rows + job.row_step - 1) / job.row_step;
    } else {
        const int64_t even = (outputs + parts - 1) / parts;
        job.output_step = (even + OUTPUTS_STEP - 1) / OUTPUTS_STEP * OUTPUTS_STEP;
        items = (outputs + job.output_step - 1) / job.output_step;
    }
    workers_run(threads, items, linear_item, &job);
}

/* --- norm ------------------------------------------------------------------------------------ */

enum { NORM_ROWS = 16, LANES = 8 };

struct norm_job {
    const float *x, *weight;
    double epsilon;
    float *y;
    int64_t rows, width;
};

static double sum_of_squares(const float *x, int64_t n) {
    double lane[LANES] = {0}, sum = 0;
    int64_t at = 0;
    for (; at + LANES <= n; at += LANES) {
        for (int i = 0; i < LANES; i++) {
            lane[i] += (double)x[at + i] * (double)x[at + i];
        }
    }
    for (; at < n; at++) {
        sum += (double)x[at] * (double)x[at];
    }
    for (int i = 0; i < LANES; i++) {
        sum += lane[i];
    }
    return sum;
}

static void norm_item(void *arg, int64_t item) {
    const struct norm_job *job = arg;
    const int64_t end = smaller((item + 1) * NORM_ROWS, job->rows);
    for (int64_t row = item * NORM_ROWS; row < end; row++) {
        const float *x = job->x + row * job->width;
        float *y = job->y + row * job->width;
        const double mean = sum_of_squares(x, job->width) / (double)job->width;
        const float scale = (float)(1 / sqrt(mean + job->epsilon));
        for (int64_t i = 0; i < job->width; i++) {
            y[i] = x[i] * scale * job->weight[i];
        }
    }
}

void lm_rmsnorm(const float *x, const float *weight, double epsilon, float *y, int64_t rows,
                int64_t width, int threads) {
    struct norm_job job = {x, weight, epsilon, y, rows, width};
    workers_run(threads, (rows + NORM_ROWS - 1) / NORM_ROWS, norm_item, &job);
}
