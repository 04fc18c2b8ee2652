/* attest selfcheck: the judge must reject every mutant and accept every kernel that runs here. TAP.
 */
#include <getopt.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "kernel.h"
#include "operation.h"

struct tally {
    int number, failed;
    bool filtered;
    regex_t filter;
};

static bool wanted(const struct tally *t, const char *name) {
    return !t->filtered || regexec(&t->filter, name, 0, NULL, 0) == 0;
}

static void result(struct tally *t, bool ok, const char *what, const char *name, const char *why) {
    t->number++;
    t->failed += !ok;
    printf("%sok %d - %s %s%s%s\n", ok ? "" : "not ", t->number, what, name,
           why[0] != '\0' ? ": " : "", why);
}

static enum status check_kernels(struct tally *t, const struct operation *op) {
    for (size_t i = 0; kernels[i] != NULL; i++) {
        const struct kernel *k = kernels[i];
        char reason[CELL_REASON];
        enum verdict v;
        if (strcmp(k->operation, op->name) != 0 || !wanted(t, k->name)) {
            continue;
        }
        const char *missing = kernel_unavailable(k);
        if (missing != NULL) {
            printf("ok %d - accepts %s # SKIP %s\n", ++t->number, k->name, missing);
            continue;
        }
        enum status st = op->verify(k, &v, reason, sizeof reason);
        if (st != ST_OK) {
            return st;
        }
        result(t, v != VERDICT_FAIL, "accepts", k->name, reason);
    }
    return ST_OK;
}

static enum status check_mutants(struct tally *t, const struct operation *op) {
    for (const struct mutant *m = op->mutants; m->name != NULL; m++) {
        char reason[CELL_REASON], name[CELL_NAME];
        enum verdict v;
        snprintf(name, sizeof name, "%s/%s", op->name, m->name);
        if (!wanted(t, name)) {
            continue;
        }
        enum status st = op->verify(&m->kernel, &v, reason, sizeof reason);
        if (st != ST_OK) {
            return st;
        }
        result(t, v == VERDICT_FAIL, "rejects", name, reason);
    }
    return ST_OK;
}

static enum status read_options(int argc, char **argv, struct tally *t, bool *help) {
    const char *value;
    optind = 0;
    for (enum option_id id; (id = options_next("selfcheck", argc, argv, &value)) != OPTION_END;) {
        if (id == OPTION_ERROR) {
            return ST_USAGE;
        }
        if (id == OPTION_HELP) {
            options_help(stdout, "selfcheck");
            *help = true;
            return ST_OK;
        }
        if (t->filtered || regcomp(&t->filter, value, REG_EXTENDED | REG_NOSUB) != 0) {
            return status_set(ST_USAGE, "selfcheck: --filter: one regular expression is needed");
        }
        t->filtered = true;
    }
    if (optind < argc) {
        return status_set(ST_USAGE, "selfcheck: takes no operand, got \"%s\"", argv[optind]);
    }
    return ST_OK;
}

enum status cmd_selfcheck(int argc, char **argv) {
    struct tally t = {0};
    bool help = false;
    enum status st = read_options(argc, argv, &t, &help);
    for (size_t i = 0; operations[i] != NULL && st == ST_OK && !help; i++) {
        st = check_kernels(&t, operations[i]);
        st = st == ST_OK ? check_mutants(&t, operations[i]) : st;
    }
    if (t.filtered) {
        regfree(&t.filter);
    }
    if (st != ST_OK || help) {
        return st;
    }
    if (t.number == 0) {
        return status_set(ST_USAGE, "selfcheck: --filter matches nothing");
    }
    printf("1..%d\n", t.number);
    return t.failed == 0 ? ST_OK
                         : status_set(ST_CHECK, "%d of %d self-checks failed", t.failed, t.number);
}
