/* attest lm entropy and attest lm trace. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../suites/entropy/entropy_gather.h"
#include "../../suites/lm/lm_capture.h"
#include "cmd_lm.h"
#include "model_file.h"
#include "progress.h"
#include "../record/record.h"

/* --- entropy ---------------------------------------------------------------------------------- */

/* Null where there is no value. */
static json_t *number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

static json_t *curve(const struct entropy_view *v) {
    json_t *list = json_array();
    for (size_t i = 0; i < v->points; i++) {
        json_array_append_new(list, number(entropy_at(v, i).h));
    }
    return list;
}

static json_t *fit(const struct entropy_view *v) {
    const struct stats_line line = entropy_line(v);
    const struct interval alpha = entropy_alpha(v);
    return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "alpha", number(line.slope), "beta",
                     number(line.intercept), "alpha_se", number(line.slope_se), "alpha_ci_lo",
                     number(alpha.lo), "alpha_ci_hi", number(alpha.hi), "entropy_nats", curve(v));
}

static json_t *pooled(const struct entropy_view *v) {
    json_t *object = fit(v), *slopes = json_array(), *exp_mean = json_array();
    json_t *mean_exp = json_array();
    for (size_t i = 0; i < v->points; i++) {
        json_array_append_new(slopes, number(entropy_local_slope(v, i)));
        json_array_append_new(exp_mean, number(entropy_keys_exp_mean(v, i)));
        json_array_append_new(mean_exp, number(entropy_keys_mean_exp(v, i)));
    }
    json_object_set_new(object, "local_slope", slopes);
    json_object_set_new(object, "k_eff_exp_mean", exp_mean);
    json_object_set_new(object, "k_eff_mean_exp", mean_exp);
    return object;
}

static json_t *heads_of(const struct entropy_results *r, size_t series) {
    json_t *layers = json_array();
    for (size_t layer = 0; layer < r->layers; layer++) {
        json_t *heads = json_array();
        for (size_t head = 0; head < r->heads; head++) {
            const struct entropy_view v = entropy_view_of(r, series, layer * r->heads + head, 1);
            json_array_append_new(heads, fit(&v));
        }
        json_array_append_new(layers, heads);
    }
    return layers;
}

static void print_json(const struct entropy_results *r) {
    json_t *contexts = json_array(), *root = json_object();
    for (size_t i = 0; i < r->points; i++) {
        json_array_append_new(contexts, json_integer(entropy_context(i)));
    }
    json_object_set_new(root, "contexts", contexts);
    json_object_set_new(root, "texts", json_integer((json_int_t)r->texts));
    for (size_t series = 0; series < ENTROPY_SERIES_FEW; series++) {
        const struct entropy_view all = entropy_view_of(r, series, 0, r->layers * r->heads);
        json_t *rule = json_pack("{s:o,s:o}", "pooled", pooled(&all), "heads", heads_of(r, series));
        json_object_set_new(root, entropy_population_names[entropy_series_population(series)],
                            rule);
    }
    json_dumpf(root, stdout, JSON_PRESERVE_ORDER);
    printf("\n");
    json_decref(root);
}

static void print_line(const char *name, const struct entropy_view *v) {
    const struct stats_line line = entropy_line(v);
    printf("%-20s  alpha %7.4f  se %6.4f  beta %7.4f  H", name, line.slope, line.slope_se,
           line.intercept);
    for (size_t i = 0; i < v->points; i++) {
        printf(" %.4f", entropy_at(v, i).h);
    }
    printf("\n");
}

static void print_text(const struct entropy_results *r) {
    printf("H in nats at N =");
    for (size_t i = 0; i < r->points; i++) {
        printf(" %" PRId64, entropy_context(i));
    }
    printf("; H = alpha ln N + beta; %zu texts\n", r->texts);
    for (size_t series = 0; series < ENTROPY_SERIES_FEW; series++) {
        const char *rule = entropy_population_names[entropy_series_population(series)];
        const size_t heads = r->layers * r->heads;
        for (size_t i = 0; i <= heads; i++) {
            char name[64];
            const struct entropy_view v =
                entropy_view_of(r, series, i < heads ? i : 0, i < heads ? 1 : heads);
            snprintf(name, sizeof name, "%s layer %zu head %zu", rule, i / r->heads, i % r->heads);
            if (i == heads) {
                snprintf(name, sizeof name, "%s all heads", rule);
            }
            print_line(name, &v);
        }
    }
}

/* The oracle's verdict over all layers. */
static enum status check_verdicts(const struct entropy_results *r) {
    for (size_t i = 0; i < r->layers; i++) {
        if (r->judges[i].verdict == VERDICT_FAIL) {
            return status_set(ST_CHECK, "lm: layer %zu: %s", i, r->judges[i].reason);
        }
    }
    return ST_OK;
}

static enum status gather(const struct lm_job *job, struct entropy_results *r) {
    enum status st = entropy_results_new(r);
    progress_start(job->o->quiet, PROGRESS_AUTO);
    for (size_t i = 0; i < r->texts && st == ST_OK; i++) {
        progress_update((double)i / (double)r->texts, "sequences");
        st = entropy_gather_text(r, i, job->session, lm_shape(job->model),
                                 job->ids + (int64_t)i * job->window);
    }
    progress_end();
    return st == ST_OK ? check_verdicts(r) : st;
}

enum status lm_entropy(struct lm_job *job) {
    enum status st = lm_job_load(job, 2 * ENTROPY_SHORTEST);
    if (st != ST_OK) {
        return st;
    }
    const struct lm_shape *shape = lm_shape(job->model);
    struct entropy_results r = {.texts = (size_t)job->windows,
                                .layers = (size_t)shape->layers,
                                .heads = (size_t)shape->heads,
                                .points = entropy_point_count(job->window),
                                .length = job->window,
                                .threads = lm_session_threads(job->session)};
    if (r.points < 2 || r.texts > ENTROPY_TEXTS) {
        return status_set(ST_USAGE, "lm: a fit needs windows of %d tokens, at most %d of them",
                          2 * ENTROPY_SHORTEST, ENTROPY_TEXTS);
    }
    st = gather(job, &r);
    if (st == ST_OK) {
        (job->o->json ? print_json : print_text)(&r);
    }
    entropy_results_free(&r);
    return st;
}

/* --- trace ------------------------------------------------------------------------------------ */

static enum status write_trace(const struct lm_job *job, struct trace *t) {
    struct tree *root = NULL;
    enum status st =
        model_file_name(job->o->model, job->g, t->model, sizeof t->model, t->model_digest);
    snprintf(t->text, sizeof t->text, "%s", job->text);
    snprintf(t->text_digest, sizeof t->text_digest, "%s", job->text_digest);
    st = st == ST_OK ? trace_to_tree(t, &root) : st;
    st = st == ST_OK ? record_write(root, job->o->out, NULL) : st;
    tree_free(root);
    return st;
}

enum status lm_trace(struct lm_job *job) {
    struct trace t;
    if (job->o->out == NULL) {
        return status_set(ST_USAGE, "lm: name the file: attest lm trace --out FILE");
    }
    enum status st = record_check_free(job->o->out);
    st = st == ST_OK ? lm_job_load(job, LM_CAPTURE_SHORTEST) : st;
    if (st != ST_OK) {
        return st;
    }
    st = lm_capture(job->session, job->ids, job->window, &t);
    if (st == ST_OK) {
        st = write_trace(job, &t);
        trace_free(&t);
    }
    if (st == ST_OK) {
        printf("%s\n", job->o->out);
    }
    return st;
}
