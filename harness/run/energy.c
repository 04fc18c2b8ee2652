#include "energy.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 64 };

/* First line of a file of a counter's folder. */
static bool read_line(const char *root, int counter, const char *file, char out[LINE]) {
    char path[PATH_MAX];
    const int length = snprintf(path, sizeof path, "%s/intel-rapl:%d/%s", root, counter, file);
    FILE *f = length < (int)sizeof path ? fopen(path, "re") : NULL;
    const bool got = f != NULL && fgets(out, LINE, f) != NULL;
    if (f != NULL) {
        fclose(f);
    }
    return got;
}

static bool read_number(const char *root, int counter, const char *file, uint64_t *out) {
    char line[LINE];
    char *end = line;
    *out = read_line(root, counter, file, line) ? strtoull(line, &end, 10) : 0;
    return end != line;
}

bool energy_read_from(const char *root, struct energy_reading *out) {
    char name[LINE];
    bool readable = true;
    *out = (struct energy_reading){0};
    for (int i = 0; i < ENERGY_PACKAGES && read_line(root, i, "name", name); i++) {
        if (strncmp(name, "package-", strlen("package-")) != 0) {
            continue; /* the whole platform, which holds the packages */
        }
        const int at = out->packages++;
        readable = readable && read_number(root, i, "energy_uj", &out->uj[at]) &&
                   read_number(root, i, "max_energy_range_uj", &out->range_uj[at]);
    }
    out->packages = readable ? out->packages : 0;
    return out->packages > 0;
}

bool energy_read(struct energy_reading *out) {
    return energy_read_from("/sys/class/powercap", out);
}

double energy_joules(const struct energy_reading *from, const struct energy_reading *to) {
    uint64_t sum = 0;
    if (from->packages != to->packages || from->packages == 0) {
        return NAN;
    }
    for (int i = 0; i < from->packages; i++) {
        const bool went_round = to->uj[i] < from->uj[i];
        sum += to->uj[i] - from->uj[i] + (went_round ? to->range_uj[i] : 0);
    }
    return (double)sum / 1e6;
}
