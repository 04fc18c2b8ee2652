/* Energy that the processors took, from the counters that Linux shows of them (RAPL). */
#ifndef ATTEST_HARNESS_ENERGY_H
#define ATTEST_HARNESS_ENERGY_H

#include <stdbool.h>
#include <stdint.h>

enum { ENERGY_PACKAGES = 8 };

/* The counters of all processor packages at one moment. */
struct energy_reading {
    int packages;
    uint64_t uj[ENERGY_PACKAGES]; /* microjoules; begins again at 0 behind range_uj */
    uint64_t range_uj[ENERGY_PACKAGES];
};

/* False where the machine has no counter or this user may not read it: then energy is not measured.
 * Source: Linux, Documentation/power/powercap/powercap.rst; AMD's counters stand there too. */
bool energy_read(struct energy_reading *out);

/* The same from another folder than /sys/class/powercap. */
bool energy_read_from(const char *root, struct energy_reading *out);

/* Joules between two readings, in which no counter went round more than once; NaN where they are of
 * other packages or of none.  A counter goes round after minutes at full power. */
double energy_joules(const struct energy_reading *from, const struct energy_reading *to);

#endif
