/* attest selfcheck: the judge must reject every mutant and accept every kernel that runs here, and
 * each metric must tell its defects apart.  A run of the experiment selfcheck, printed as TAP. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "../judge/operation.h"
#include "../run/run.h"
#include "../run/run_path.h"
#include "../run/selfcheck.h"

struct request {
    const char *filter, *out;
    bool help;
};

static enum status read_options(int argc, char **argv, struct request *o) {
    const char *value;
    optind = 0;
    for (enum option_id id; (id = options_next("selfcheck", argc, argv, &value)) != OPTION_END;) {
        switch (id) {
        case OPTION_ERROR:
            return ST_USAGE;
        case OPTION_HELP:
            o->help = true;
            return ST_OK;
        case OPTION_SELFCHECK_FILTER:
            o->filter = value;
            break;
        default:
            o->out = value;
        }
    }
    if (optind < argc) {
        return status_set(ST_USAGE, "selfcheck: takes no operand, got \"%s\"", argv[optind]);
    }
    return ST_OK;
}

/* --- output ----------------------------------------------------------------------------------- */

static void print_line(const struct cell *c, size_t number) {
    char line[CELL_PARAMS * CELL_NAME];
    selfcheck_line(c, line, sizeof line);
    if (c->verdict == VERDICT_SKIP) {
        printf("ok %zu - %s # SKIP %s\n", number, line, c->reason);
    } else {
        printf("%sok %zu - %s%s%s\n", c->verdict == VERDICT_FAIL ? "not " : "", number, line,
               c->reason[0] != '\0' ? ": " : "", c->reason);
    }
}

static enum status print_cells(const struct run *r) {
    size_t number = 0, failed = 0;
    for (size_t i = 0; i < r->group_count; i++) {
        const struct group *g = &r->groups[i]->group;
        for (size_t c = 0; c < g->cell_count; c++) {
            print_line(&g->cells[c], ++number);
            failed += g->cells[c].verdict == VERDICT_FAIL;
        }
    }
    printf("1..%zu\n", number);
    return failed == 0 ? ST_OK
                       : status_set(ST_CHECK, "%zu of %zu self-checks failed", failed, number);
}

static void print_kinds(const struct operation *op, const char *form) {
    printf("# %-12s %-8s", op->name, form);
    for (enum mutant_kind kind = 0; kind < MUTANT_KIND_COUNT; kind++) {
        size_t n = operation_mutants(op, form, kind);
        char text[24] = "-";
        if (n > 0) {
            snprintf(text, sizeof text, "%zu", n);
        }
        printf(" %*s", (int)strlen(mutant_kind_name(kind)), text);
    }
    printf("\n");
}

static void print_absences(const struct operation *op) {
    for (const struct mutant_absence *a = op->absences; a != NULL && a->reason != NULL; a++) {
        printf("# %s%s%s has no %s: %s\n", op->name, a->form[0] != '\0' ? " " : "", a->form,
               mutant_kind_name(a->kind), a->reason);
    }
}

/* How many mutants of each kind each form of each operation has, and why one has none. */
static void print_table(void) {
    printf("# %-12s %-8s", "mutants of", "form");
    for (enum mutant_kind kind = 0; kind < MUTANT_KIND_COUNT; kind++) {
        printf(" %s", mutant_kind_name(kind));
    }
    printf("\n");
    for (size_t i = 0; operations[i] != NULL; i++) {
        for (size_t f = 0; f < OPERATION_FORMS && operations[i]->forms[f] != NULL; f++) {
            print_kinds(operations[i], operations[i]->forms[f]);
        }
    }
    for (size_t i = 0; operations[i] != NULL; i++) {
        print_absences(operations[i]);
    }
}

/* --- the run ---------------------------------------------------------------------------------- */

/* build/records/selfcheck-MACHINE-TIME.h5 */
static enum status default_path(char path[PATH_MAX]) {
    char now[32];
    run_time_now(now);
    return run_path_default(experiment_selfcheck.name, now, path);
}

static enum status run_selfcheck(const struct request *o) {
    /* as `attest run` would be told it, so that a killed one can be resumed */
    char *argv[] = {"run", "selfcheck", "--filter", (char *)(uintptr_t)o->filter, NULL};
    struct run r = {.options = {.experiments = {&experiment_selfcheck},
                                .experiment_count = 1,
                                .profile = PROFILE_DEFAULT,
                                .seed = 1,
                                .filter = o->filter,
                                .argc = o->filter != NULL ? 4 : 2,
                                .argv = argv}};
    char path[PATH_MAX];
    bool complete;
    enum status st = o->out == NULL ? default_path(path) : ST_OK;
    r.options.out = o->out == NULL ? path : o->out;
    char written[PATH_MAX];
    st = st == ST_OK ? run_to_record(&r, written, &complete) : st;
    if (st == ST_OK) {
        print_table();
        st = print_cells(&r);
        printf("# record: %s\n", written);
    }
    run_free(&r);
    return st;
}

enum status args_selfcheck(int argc, char **argv) {
    struct request o = {0};
    return read_options(argc, argv, &o);
}

enum status cmd_selfcheck(int argc, char **argv) {
    struct request o = {0};
    enum status st = read_options(argc, argv, &o);
    if (st == ST_OK && o.help) {
        options_help(stdout, "selfcheck");
        return ST_OK;
    }
    return st == ST_OK ? run_selfcheck(&o) : st;
}
