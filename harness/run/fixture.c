#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool same(double a, double b, double tolerance) {
    return isnan(a) || isnan(b) ? isnan(a) && isnan(b) : fabs(a - b) <= tolerance;
}

bool fixture_covers(const struct fixture *f, const char *metric) {
    for (size_t i = 0; i < FIXTURE_METRICS && f->metrics[i] != NULL; i++) {
        if (strcmp(f->metrics[i], metric) == 0) {
            return true;
        }
    }
    return false;
}

enum status fixture_check(const struct fixture *f, enum verdict *verdict, char *reason,
                          size_t size) {
    struct fixture_values v = {NAN, NAN, NAN, 0};
    enum status st = f->run(&v);
    if (st != ST_OK) {
        return st;
    }
    *verdict = VERDICT_FAIL;
    if (!same(v.got, v.right, v.tolerance)) {
        snprintf(reason, size, "got %.9g, right is %.9g", v.got, v.right);
    } else if (same(v.wrong, v.right, v.tolerance)) {
        snprintf(reason, size, "%.9g is what the defect gives too: %s", v.right, f->defect);
    } else {
        *verdict = VERDICT_PASS;
        snprintf(reason, size, "%.9g, not %.9g: %s", v.got, v.wrong, f->defect);
    }
    return ST_OK;
}
