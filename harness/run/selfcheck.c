#include "selfcheck.h"

#include <stdio.h>
#include <string.h>

#include "../judge/kernel.h"
#include "../judge/operation.h"

/* --- lookups ---------------------------------------------------------------------------------- */

static const char *text_of(const struct cell *c, const char *name) {
    const struct param *p = cell_param(c, name);
    return p != NULL ? p->text : "";
}

static const struct operation *operation_of(const struct cell *c) {
    for (size_t i = 0; operations[i] != NULL; i++) {
        if (strcmp(operations[i]->name, text_of(c, "operation")) == 0) {
            return operations[i];
        }
    }
    return NULL;
}

static const struct mutant *mutant_of(const struct operation *op, const struct cell *c) {
    for (const struct mutant *m = op->mutants; m->name != NULL; m++) {
        if (strcmp(m->name, text_of(c, "mutant")) == 0 &&
            strcmp(m->form, text_of(c, "form")) == 0) {
            return m;
        }
    }
    return NULL;
}

static const struct fixture *fixture_of(const struct experiment *e, const struct cell *c) {
    for (const struct fixture *f = e->fixtures; f->name != NULL; f++) {
        if (strcmp(f->name, text_of(c, "fixture")) == 0) {
            return f;
        }
    }
    return NULL;
}

/* --- kernels are accepted --------------------------------------------------------------------- */

static enum status add_line(struct run *run, struct group *g, const char *section,
                            const char *kernel, struct cell **out) {
    *out = group_cell(run, g, section, kernel);
    return *out != NULL ? ST_OK : ST_SYSTEM;
}

static enum status plan_accepts(struct run *run, struct group *g, const char *section) {
    enum status st = ST_OK;
    for (size_t i = 0; kernels[i] != NULL && st == ST_OK; i++) {
        struct cell *c;
        st = add_line(run, g, section, kernels[i]->name, &c);
        if (st == ST_OK) {
            cell_param_text(c, "operation", kernels[i]->operation);
        }
    }
    return st;
}

/* What verification says of a kernel; that it could not run is no acceptance. */
static void verify(const struct operation *op, const struct kernel *k, bool accept,
                   struct cell *c) {
    struct verification v;
    if (op == NULL || operation_verify(op, k, &v) != ST_OK) {
        cell_verdict(c, VERDICT_FAIL, "verification could not run: %s",
                     op != NULL ? status_message() : "no such operation");
    } else if (accept) {
        cell_verdict(c, v.verdict, "%s", v.reason);
    } else if (v.verdict == VERDICT_FAIL) {
        cell_verdict(c, VERDICT_PASS, "%s", v.reason);
    } else {
        cell_verdict(c, VERDICT_FAIL, "was accepted");
    }
}

static void check_accepts(struct cell *c) {
    verify(operation_of(c), kernel_find(c->kernel), true, c);
}

/* --- mutants are rejected --------------------------------------------------------------------- */

static enum status plan_operation_mutants(struct run *run, struct group *g, const char *section,
                                          const struct operation *op) {
    enum status st = ST_OK;
    for (const struct mutant *m = op->mutants; m->name != NULL && st == ST_OK; m++) {
        struct cell *c;
        st = add_line(run, g, section, "", &c);
        if (st == ST_OK) {
            cell_param_text(c, "operation", op->name);
            cell_param_text(c, "form", m->form);
            cell_param_text(c, "mutant", m->name);
            cell_param_text(c, "kind", mutant_kind_name(m->kind));
        }
    }
    return st;
}

static enum status plan_rejects(struct run *run, struct group *g, const char *section) {
    enum status st = ST_OK;
    for (size_t i = 0; operations[i] != NULL && st == ST_OK; i++) {
        st = plan_operation_mutants(run, g, section, operations[i]);
    }
    return st;
}

static void check_rejects(struct cell *c) {
    const struct operation *op = operation_of(c);
    const struct mutant *m = mutant_of(op, c);
    const char *missing = kernel_unavailable(&m->kernel);
    if (missing != NULL) {
        cell_verdict(c, VERDICT_SKIP, "%s", missing);
    } else {
        verify(op, &m->kernel, false, c);
    }
}

/* --- every kind of mutant is there ------------------------------------------------------------ */

static enum status plan_complete(struct run *run, struct group *g, const char *section) {
    enum status st = ST_OK;
    for (size_t i = 0; operations[i] != NULL; i++) {
        for (size_t f = 0; f < OPERATION_FORMS && operations[i]->forms[f] != NULL; f++) {
            struct cell *c;
            st = st == ST_OK ? add_line(run, g, section, "", &c) : st;
            if (st == ST_OK) {
                cell_param_text(c, "operation", operations[i]->name);
                cell_param_text(c, "form", operations[i]->forms[f]);
            }
        }
    }
    return st;
}

static void check_complete(struct cell *c) {
    bool complete = operation_complete(operation_of(c), text_of(c, "form")) == ST_OK;
    cell_verdict(c, complete ? VERDICT_PASS : VERDICT_FAIL, "%s",
                 complete ? "a mutant of every kind, or a reason" : status_message());
}

/* --- metric fixtures -------------------------------------------------------------------------- */

static void join_metrics(const struct fixture *f, char *out, size_t size) {
    out[0] = '\0';
    for (size_t i = 0, used = 0; i < FIXTURE_METRICS && f->metrics[i] != NULL && used < size; i++) {
        used += (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? "+" : "", f->metrics[i]);
    }
}

static enum status plan_fixtures(struct run *run, struct group *g, const char *section) {
    enum status st = ST_OK;
    for (size_t i = 0; experiments[i] != NULL; i++) {
        const struct fixture *f = experiments[i]->fixtures;
        for (; f != NULL && f->name != NULL && st == ST_OK; f++) {
            char metrics[CELL_NAME];
            struct cell *c;
            join_metrics(f, metrics, sizeof metrics);
            st = add_line(run, g, section, "", &c);
            if (st == ST_OK) {
                cell_param_text(c, "subject", experiments[i]->name);
                cell_param_text(c, "fixture", f->name);
                cell_param_text(c, "metric", metrics);
            }
        }
    }
    return st;
}

static const char *undeclared(const struct experiment *e, const struct fixture *f) {
    for (size_t i = 0; i < FIXTURE_METRICS && f->metrics[i] != NULL; i++) {
        if (experiment_metric(e, f->metrics[i]) == NULL) {
            return f->metrics[i];
        }
    }
    return NULL;
}

static void check_fixture(struct cell *c) {
    const struct experiment *e = experiment_find(text_of(c, "subject"));
    const struct fixture *f = fixture_of(e, c);
    const char *stranger = undeclared(e, f);
    char reason[CELL_REASON] = "";
    enum verdict v = VERDICT_FAIL;
    if (stranger != NULL) {
        cell_verdict(c, VERDICT_FAIL, "%s declares no metric %s", e->name, stranger);
    } else if (fixture_check(f, &v, reason, sizeof reason) != ST_OK) {
        cell_verdict(c, VERDICT_FAIL, "the fixture could not run: %s", status_message());
    } else {
        cell_verdict(c, v, "%s", reason);
    }
}

/* --- every metric has a fixture --------------------------------------------------------------- */

static enum status plan_covered(struct run *run, struct group *g, const char *section) {
    enum status st = ST_OK;
    for (size_t i = 0; experiments[i] != NULL; i++) {
        const struct metric_info *m = experiments[i]->metrics;
        for (; m != NULL && m->name != NULL && st == ST_OK; m++) {
            struct cell *c;
            st = add_line(run, g, section, "", &c);
            if (st == ST_OK) {
                cell_param_text(c, "subject", experiments[i]->name);
                cell_param_text(c, "metric", m->name);
            }
        }
    }
    return st;
}

static void check_covered(struct cell *c) {
    const struct fixture *f = experiment_find(text_of(c, "subject"))->fixtures;
    int covering = 0;
    for (; f != NULL && f->name != NULL; f++) {
        covering += fixture_covers(f, text_of(c, "metric"));
    }
    if (covering == 0) {
        cell_verdict(c, VERDICT_FAIL, "no fixture");
    } else {
        cell_verdict(c, VERDICT_PASS, "%d fixture%s", covering, covering > 1 ? "s" : "");
    }
}

/* --- sections --------------------------------------------------------------------------------- */

static const struct section {
    const char *name; /* the arm */
    enum status (*plan)(struct run *run, struct group *g, const char *section);
    void (*check)(struct cell *c);
} sections[] = {
    {"accepts", plan_accepts, check_accepts},    {"rejects", plan_rejects, check_rejects},
    {"complete", plan_complete, check_complete}, {"fixture", plan_fixtures, check_fixture},
    {"covered", plan_covered, check_covered},
};

enum { SECTIONS = sizeof sections / sizeof sections[0] };

static enum status plan(struct run *run) {
    enum status st = ST_OK;
    for (size_t i = 0; i < SECTIONS && st == ST_OK; i++) {
        struct group *g = run_group(run, sections[i].name, 0);
        st = g != NULL ? sections[i].plan(run, g, sections[i].name) : ST_SYSTEM;
    }
    return st;
}

static enum status check(struct run *run, struct group *g, struct cell *c) {
    (void)run;
    for (size_t i = 0; i < SECTIONS; i++) {
        if (strcmp(sections[i].name, g->name) == 0) {
            sections[i].check(c);
        }
    }
    return ST_OK;
}

void selfcheck_line(const struct cell *c, char *out, size_t size) {
    int used = snprintf(out, size, "%s %s", c->arm, c->kernel);
    bool first = true;
    for (size_t i = 0; c->kernel[0] == '\0' && i < c->param_count && (size_t)used < size; i++) {
        if (c->params[i].text[0] != '\0') {
            used += snprintf(out + used, size - (size_t)used, "%s%s", first ? "" : "/",
                             c->params[i].text);
            first = false;
        }
    }
}

/* --- tables ----------------------------------------------------------------------------------- */

static bool keep_judge(const struct cell *c) {
    return cell_param(c, "operation") != NULL && strcmp(c->arm, "complete") != 0;
}

static bool keep_metrics(const struct cell *c) { return cell_param(c, "fixture") != NULL; }

static bool keep_coverage(const struct cell *c) {
    return strcmp(c->arm, "complete") == 0 || strcmp(c->arm, "covered") == 0;
}

static const struct column judge_columns[] = {
    {"must", "arm", NULL},          {"operation", "operation", NULL}, {"form", "form", NULL},
    {"kind", "kind", NULL},         {"mutant", "mutant", NULL},       {"kernel", "kernel", NULL},
    {"as it must", "oracle", NULL}, {"found", "reason", NULL},        {NULL, NULL, NULL},
};

static const struct column metric_columns[] = {
    {"experiment", "subject", NULL}, {"metric", "metric", NULL}, {"fixture", "fixture", NULL},
    {"as it must", "oracle", NULL},  {"found", "reason", NULL},  {NULL, NULL, NULL},
};

static const struct column coverage_columns[] = {
    {"section", "arm", NULL},   {"operation", "operation", NULL},
    {"form", "form", NULL},     {"experiment", "subject", NULL},
    {"metric", "metric", NULL}, {"as it must", "oracle", NULL},
    {"found", "reason", NULL},  {NULL, NULL, NULL},
};

static const char *const no_split[] = {NULL};

static const struct table tables[] = {
    {
        .name = "judge",
        .title = "Kernels that the judge must accept and mutants that it must reject",
        .note = "A row passes if the judge did what it must; found is the judge's reason.",
        .split = no_split,
        .keep = keep_judge,
        .columns = judge_columns,
    },
    {
        .name = "fixtures",
        .title = "Metrics against values known by hand, and against defects",
        .note = "A row passes if the metric's code gives the known value and the defective "
                "computation does not.",
        .split = no_split,
        .keep = keep_metrics,
        .columns = metric_columns,
    },
    {
        .name = "coverage",
        .title = "Whether every form has every kind of mutant, and every metric a fixture",
        .note = "A form may have a reason why it can have no mutant of a kind.",
        .split = no_split,
        .keep = keep_coverage,
        .columns = coverage_columns,
    },
    {.name = NULL},
};

static const struct plot plots[] = {{.name = NULL}};

const struct experiment experiment_selfcheck = {
    .name = "selfcheck",
    .title = "Whether the judge rejects what is wrong and the metrics are what they say",
    .source = "this suite",
    .plan = plan,
    .check = check,
    .tables = (const struct table *const[]){tables, NULL},
    .plots = plots,
};
