#include "rerun.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../record/cells_tree.h"
#include "environment.h"
#include "../base/escape.h"
#include "../record/record.h"
#include "run.h"

/* --- the options of the record's run ---------------------------------------------------------- */

struct request {
    struct run_options options;
    char experiments[RUN_EXPERIMENTS * (CELL_NAME + 1)]; /* cut into names */
};

static enum status lacks(const char *what, const char *name) {
    char shown[ESCAPE_LINE / 2];
    escape_text(name, shown, sizeof shown);
    return status_set(ST_INPUT, "verify --rerun: this program has no %s \"%s\"", what, shown);
}

/* Names in a record are lower-case; a setting's own spelling may not be. */
static bool is_setting(const struct setting *s, const char *stored) {
    size_t i = 0;
    for (; s->name[i] != '\0'; i++) {
        if (tolower((unsigned char)s->name[i]) != stored[i]) {
            return false;
        }
    }
    return stored[i] == '\0';
}

static enum status take_setting(struct run_options *o, const struct experiment *e,
                                const char *stored, const char *value) {
    const struct setting *s = e->settings;
    while (s != NULL && s->name != NULL && !is_setting(s, stored)) {
        s++;
    }
    if (s == NULL || s->name == NULL) {
        return lacks("setting", stored);
    }
    if (strcmp(s->fallback, value) == 0) {
        return ST_OK;
    }
    if (o->set_count == RUN_SETTINGS || strlen(value) >= sizeof o->sets[0].value) {
        return status_set(ST_INPUT, "verify --rerun: too many settings, or one too long");
    }
    struct run_set *set = &o->sets[o->set_count++];
    snprintf(set->name, sizeof set->name, "%s", s->name);
    snprintf(set->value, sizeof set->value, "%s", value);
    return ST_OK;
}

static enum status take_experiment(struct run_options *o, const struct tree *plan,
                                   const char *name) {
    const struct experiment *e = experiment_find(name);
    if (e == NULL || o->experiment_count == RUN_EXPERIMENTS) {
        return lacks("experiment", name);
    }
    o->experiments[o->experiment_count++] = e;
    const struct tree *settings = tree_find(tree_find(plan, "settings"), name);
    enum status st = ST_OK;
    for (size_t i = 0; settings != NULL && i < settings->attribute_count && st == ST_OK; i++) {
        const char *stored = settings->attributes[i].name;
        const char *value = tree_get_string(settings, stored);
        if (value != NULL && strcmp(stored, "title") != 0 && strcmp(stored, "source") != 0) {
            st = take_setting(o, e, stored, value);
        }
    }
    return st;
}

static enum status take_profile(struct run_options *o, const char *name) {
    for (enum profile p = PROFILE_SMOKE; p <= PROFILE_FULL; p++) {
        if (name != NULL && strcmp(name, profile_name(p)) == 0) {
            o->profile = p;
            return ST_OK;
        }
    }
    return lacks("profile", name != NULL ? name : "");
}

/* The user's own data, by the names that the run was given. */
static enum status take_inputs(struct run_options *o, const struct tree *plan) {
    const struct tree *inputs = tree_find(plan, "inputs");
    o->queries = tree_get_string(inputs, "queries");
    o->model = tree_get_string(inputs, "model");
    o->text = tree_get_string(inputs, "text");
    for (size_t i = 0; inputs != NULL && i < RUN_DATASETS; i++) {
        char name[CELL_NAME];
        snprintf(name, sizeof name, "dataset-%zu", i);
        const char *spec = tree_get_string(inputs, name);
        if (spec != NULL) {
            o->datasets[o->dataset_count++] = spec;
        }
    }
    return ST_OK;
}

static const char *text_or_null(const char *text) {
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static enum status take_request(const struct tree *plan, struct request *q) {
    struct run_options *o = &q->options;
    const char *names = tree_get_string(plan, "experiments");
    *q = (struct request){.options = {.quiet = false, .recompute = true}};
    o->seed = (uint64_t)tree_get_i64(plan, "seed", 1);
    o->threads = (int)tree_get_i64(plan, "threads", 0);
    o->filter = text_or_null(tree_get_string(plan, "filter"));
    o->backend = text_or_null(tree_get_string(plan, "backend"));
    enum status st = take_profile(o, tree_get_string(plan, "profile"));
    st = st == ST_OK ? take_inputs(o, plan) : st;
    if (names == NULL || strlen(names) >= sizeof q->experiments) {
        return status_set(ST_INPUT, "verify --rerun: the record names no experiments");
    }
    snprintf(q->experiments, sizeof q->experiments, "%s", names);
    char *rest = NULL;
    for (char *name = strtok_r(q->experiments, " ", &rest); name != NULL && st == ST_OK;
         name = strtok_r(NULL, " ", &rest)) {
        st = take_experiment(o, plan, name);
    }
    return st;
}

/* --- what may differ -------------------------------------------------------------------------- */

/* A fact of the environment that outputs may depend on. */
static const struct {
    const char *name, *words;
    bool device; /* of cells that run on it only */
} facts[] = {
    {"suite_commit", "another commit", false},
    {"suite_dirty", "uncommitted changes", false},
    {"compiler", "another compiler", false},
    {"compiler_flags", "other compiler flags", false},
    {"libc", "another C library", false},
    {"openblas_core", "another OpenBLAS core", false},
    {"library_openblas", "another OpenBLAS", false},
    {"cuda_device", "another device", true},
};

/* The first fact that differs, in words; NULL when outputs must be equal.  A program built from
 * uncommitted sources cannot be told by its commit, only by its bytes. */
static const char *excuse(const struct tree *there, const struct tree *here, const char *backend) {
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        const char *a = tree_get_string(there, facts[i].name);
        const char *b = tree_get_string(here, facts[i].name);
        bool counts = !facts[i].device || strcmp(backend, "cuda") == 0;
        if (counts && (a == NULL || b == NULL || strcmp(a, b) != 0)) {
            return facts[i].words;
        }
    }
    const char *dirty = tree_get_string(there, "suite_dirty");
    const char *a = tree_get_string(there, "program_digest");
    const char *b = tree_get_string(here, "program_digest");
    bool known = a != NULL && b != NULL && strcmp(a, b) == 0;
    return strcmp(dirty, "yes") == 0 && !known ? "uncommitted changes" : NULL;
}

/* --- comparing -------------------------------------------------------------------------------- */

enum outcome { EQUAL, DIFFERS, MAY_DIFFER, NOT_HERE, NOT_THERE, OUTCOMES };

static const char *const outcome_words[OUTCOMES] = {"equal", "DIFFERS", "may differ", "not here",
                                                    "not there"};

struct comparison {
    const struct tree *there, *here; /* outputs/cells */
    const struct tree *environment_there, *environment_here;
    size_t counts[OUTCOMES];
    FILE *out;
};

static bool same_value(const struct tree_value *a, const struct tree_value *b) {
    return b != NULL && a->type == b->type && a->rank == b->rank && a->bytes == b->bytes &&
           (a->bytes == 0 || memcmp(a->data, b->data, a->bytes) == 0);
}

/* Name of the first attribute in which two nodes differ. */
static const char *first_difference(const struct tree *a, const struct tree *b) {
    for (size_t i = 0; i < a->attribute_count; i++) {
        if (!same_value(&a->attributes[i].value, tree_get(b, a->attributes[i].name))) {
            return a->attributes[i].name;
        }
    }
    return "attributes";
}

static void print_line(struct comparison *x, enum outcome o, const struct cell *c,
                       const char *why) {
    char shown[ESCAPE_LINE];
    escape_text(why, shown, sizeof shown);
    x->counts[o]++;
    fprintf(x->out, "%-10s  %s  %s  %s%s%s\n", outcome_words[o], c->id, c->arm,
            c->kernel[0] != '\0' ? c->kernel : "-", why[0] != '\0' ? "  " : "", shown);
}

static void compare_cell(struct comparison *x, const struct cell *c) {
    const struct tree *there = tree_find(x->there, c->id), *here = tree_find(x->here, c->id);
    const char *verdict = tree_get_string(there, "oracle");
    char a[DIGEST_HEX], b[DIGEST_HEX], why[ESCAPE_LINE];
    if (verdict == NULL || strcmp(verdict, "skip") == 0) {
        bool both = verdict != NULL && c->verdict == VERDICT_SKIP;
        print_line(x, both ? NOT_HERE : NOT_THERE, c, both ? c->reason : "skipped by the record");
        return;
    }
    if (c->verdict == VERDICT_SKIP) {
        print_line(x, NOT_HERE, c, c->reason);
        return;
    }
    tree_digest(there, a);
    tree_digest(here, b);
    if (strcmp(a, b) == 0) {
        print_line(x, EQUAL, c, "");
        return;
    }
    const char *pardon = excuse(x->environment_there, x->environment_here, c->backend);
    snprintf(why, sizeof why, "%s%s%s", first_difference(there, here),
             pardon != NULL ? ": " : ": the same program, libraries and core",
             pardon != NULL ? pardon : "");
    print_line(x, pardon != NULL ? MAY_DIFFER : DIFFERS, c, why);
}

/* Cells that the record has and this plan has not: another number of cores, or another program. */
static void compare_strangers(struct comparison *x) {
    for (size_t i = 0; i < x->there->child_count; i++) {
        const char *id = x->there->children[i]->name;
        if (tree_find(x->here, id) == NULL) {
            struct cell c = {.arm = "-"};
            snprintf(c.id, sizeof c.id, "%.*s", (int)sizeof c.id - 1, id);
            print_line(x, NOT_HERE, &c, "not planned here");
        }
    }
}

/* Data are the same bytes everywhere: another digest is never excused. */
static size_t compare_datasets(const struct tree *there, const struct tree *here, FILE *out) {
    size_t different = 0;
    for (size_t i = 0; here != NULL && i < here->child_count; i++) {
        const char *name = here->children[i]->name;
        const char *a = tree_get_string(tree_find(there, name), "digest");
        const char *b = tree_get_string(here->children[i], "digest");
        bool same = a != NULL && b != NULL && strcmp(a, b) == 0;
        fprintf(out, "%-10s  dataset %s\n", outcome_words[same ? EQUAL : DIFFERS], name);
        different += !same;
    }
    return different;
}

static enum status verdict(const struct comparison *x, size_t datasets, const char *shown) {
    const size_t *n = x->counts;
    fprintf(x->out, "%zu equal, %zu differ, %zu may differ, %zu not here, %zu not in the record\n",
            n[EQUAL], n[DIFFERS], n[MAY_DIFFER], n[NOT_HERE], n[NOT_THERE]);
    if (n[DIFFERS] + datasets > 0) {
        return status_set(ST_CHECK, "%s: %zu cells and %zu datasets differ that must not", shown,
                          n[DIFFERS], datasets);
    }
    if (n[MAY_DIFFER] > 0) {
        return status_set(ST_INCONCLUSIVE,
                          "%s: %zu cells differ, but not on the same program and "
                          "libraries",
                          shown, n[MAY_DIFFER]);
    }
    return n[EQUAL] > 0 ? ST_OK
                        : status_set(ST_SKIP, "%s: no cell of it can be computed here", shown);
}

static enum status compare(struct run *r, const struct tree *record, const char *shown, FILE *out) {
    size_t n;
    struct cell *cells = run_cells(r, &n);
    struct tree *environment = tree_new();
    enum status st = cells == NULL || environment == NULL ? status_set(ST_SYSTEM, "out of memory")
                                                          : cells_to_tree(cells, n, r->record);
    if (st == ST_OK) {
        environment_store(environment);
        struct comparison x = {tree_find(record, "outputs/cells"),
                               tree_find(r->record, "outputs/cells"),
                               tree_find(record, "measurements/environment"),
                               environment,
                               {0},
                               out};
        size_t datasets = compare_datasets(tree_find(record, "plan/datasets"),
                                           tree_find(r->record, "plan/datasets"), out);
        for (size_t i = 0; i < n; i++) {
            compare_cell(&x, &cells[i]);
        }
        compare_strangers(&x);
        st = verdict(&x, datasets, shown);
    }
    tree_free(environment);
    free(cells);
    return st;
}

enum status rerun(const struct tree *record, const char *shown, FILE *out) {
    struct request *q = malloc(sizeof *q);
    struct run r = {.record = tree_new(), .facts = tree_new()};
    enum status st = q == NULL || r.record == NULL || r.facts == NULL
                         ? status_set(ST_SYSTEM, "out of memory")
                         : take_request(tree_find(record, "plan"), q);
    if (st == ST_OK) {
        r.options = q->options;
        st = run_plan(&r);
    }
    if (st == ST_OK) {
        progress_start(false, PROGRESS_AUTO);
        st = run_execute(&r);
        progress_end();
    }
    st = st == ST_OK ? compare(&r, record, shown, out) : st;
    run_free(&r);
    free(q);
    return st;
}
