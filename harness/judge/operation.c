#include "operation.h"

#include <stdio.h>
#include <string.h>

const char *mutant_kind_name(enum mutant_kind kind) {
    static const char *const names[] = {
#define X(id, name, meaning) [MUTANT_##id] = #name,
        MUTANT_KINDS(X)
#undef X
            [MUTANT_OTHER] = "other"};
    return names[kind];
}

void verification_add(struct verification *v, const char *name, enum verdict verdict,
                      const char *reason) {
    if (verdict > v->verdict) {
        v->verdict = verdict;
        snprintf(v->reason, sizeof v->reason, "%s%s%s", name != NULL ? name : "",
                 name != NULL ? ": " : "", reason);
    }
}

enum status operation_verify(const struct operation *op, const struct kernel *k,
                             struct verification *v) {
    *v = (struct verification){.verdict = VERDICT_PASS};
    enum status st = ST_OK;
    for (size_t i = 0; i < op->case_count && st == ST_OK && v->verdict != VERDICT_FAIL; i++) {
        st = op->verify_case(k, i, v);
    }
    return st;
}

size_t operation_mutants(const struct operation *op, const char *form, enum mutant_kind kind) {
    size_t n = 0;
    for (const struct mutant *m = op->mutants; m->name != NULL; m++) {
        n += m->kind == kind && strcmp(m->form, form) == 0;
    }
    return n;
}

const char *operation_absence(const struct operation *op, const char *form, enum mutant_kind kind) {
    for (const struct mutant_absence *a = op->absences; a != NULL && a->reason != NULL; a++) {
        if (a->kind == kind && strcmp(a->form, form) == 0) {
            return a->reason;
        }
    }
    return NULL;
}

enum status operation_complete(const struct operation *op, const char *form) {
    for (enum mutant_kind kind = 0; kind < MUTANT_KIND_COUNT; kind++) {
        bool present = operation_mutants(op, form, kind) > 0;
        bool excused = operation_absence(op, form, kind) != NULL;
        if (present == excused) {
            return status_set(ST_CHECK, "%s%s%s: %s: %s", op->name, form[0] != '\0' ? " " : "",
                              form, mutant_kind_name(kind),
                              present ? "a mutant, and a reason why there can be none"
                                      : "no mutant, and no reason why not");
        }
    }
    return ST_OK;
}
