#include "environment.h"

#include <cblas.h>
#include <ctype.h>
#include <gnu/libc-version.h>
#include <hdf5.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "../base/clock.h"
#include "../base/cpu.h"
#include "../base/device.h"
#include "../record/record.h"
#include "../base/version.h"

enum { TEXT = 256 };

/* First line of a file without its newline, or "unknown". */
static void read_line(const char *path, char out[TEXT]) {
    FILE *f = fopen(path, "re");
    if (f == NULL || fgets(out, TEXT, f) == NULL || out[0] == '\n') {
        snprintf(out, TEXT, "unknown");
    }
    if (f != NULL) {
        fclose(f);
    }
    out[strcspn(out, "\n")] = '\0';
}

/* Value of the first "key : value" line of a /proc file whose key matches, or "unknown". */
static void read_key(const char *path, const char *key, char out[TEXT]) {
    char line[4096];
    FILE *f = fopen(path, "re");
    snprintf(out, TEXT, "unknown");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        char *colon = strchr(line, ':');
        if (colon != NULL && strncmp(line, key, strlen(key)) == 0 &&
            strspn(line + strlen(key), " \t") == (size_t)(colon - line) - strlen(key)) {
            snprintf(out, TEXT, "%s", colon + 1 + strspn(colon + 1, " \t"));
            out[strcspn(out, "\n")] = '\0';
            break;
        }
    }
    if (f != NULL) {
        fclose(f);
    }
}

static void store_cpu(struct tree *node) {
    char text[TEXT];
    read_key("/proc/cpuinfo", "model name", text);
    tree_set_string(node, "cpu_model", text);
    read_key("/proc/cpuinfo", "cpu family", text);
    tree_set_string(node, "cpu_family", text);
    read_key("/proc/cpuinfo", "model", text);
    tree_set_string(node, "cpu_model_number", text);
    read_key("/proc/cpuinfo", "microcode", text);
    tree_set_string(node, "cpu_microcode", text);
    cpu_isa_names(cpu_isa(), text, sizeof text);
    tree_set_string(node, "isa", text);
    tree_set_i64(node, "cores", cpu_count());
    tree_set_i64(node, "cache_l1d_bytes", sysconf(_SC_LEVEL1_DCACHE_SIZE));
    tree_set_i64(node, "cache_l2_bytes", sysconf(_SC_LEVEL2_CACHE_SIZE));
    tree_set_i64(node, "cache_l3_bytes", sysconf(_SC_LEVEL3_CACHE_SIZE));
    tree_set_i64(node, "memory_bytes", sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
    read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", text);
    tree_set_string(node, "governor", text);
    read_line("/sys/devices/system/cpu/smt/active", text);
    tree_set_string(node, "smt_active", text);
    read_line("/sys/kernel/mm/transparent_hugepage/enabled", text);
    tree_set_string(node, "huge_pages", text);
    read_line("/sys/fs/cgroup/cpu.max", text);
    tree_set_string(node, "cgroup_cpu_max", text);
}

static void store_system(struct tree *node) {
    struct utsname u;
    if (uname(&u) == 0) {
        char text[3 * TEXT];
        snprintf(text, sizeof text, "%s %s", u.sysname, u.release);
        tree_set_string(node, "kernel", text);
        tree_set_string(node, "architecture", u.machine);
    }
    char text[TEXT];
    snprintf(text, sizeof text, "glibc %s", gnu_get_libc_version());
    tree_set_string(node, "libc", text);
    read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", text);
    tree_set_string(node, "clock_source", text);
}

/* Smallest positive difference between readings of the clock that samples are taken with. */
static double clock_step(void) {
    double best = 1;
    for (int i = 0; i < 10000; i++) {
        double before = clock_seconds(), step = clock_seconds() - before;
        best = step > 0 && step < best ? step : best;
    }
    return best;
}

static void store_build(struct tree *node) {
    char text[TEXT];
    unsigned major, minor, release;
    tree_set_string(node, "suite_version", suite_version());
    tree_set_string(node, "suite_commit", suite_commit());
    tree_set_string(node, "suite_dirty", suite_dirty() ? "yes" : "no");
    char digest[DIGEST_HEX];
    if (digest_file("/proc/self/exe", digest) == ST_OK) {
        tree_set_string(node, "program_digest", digest);
    }
    tree_set_string(node, "compiler", suite_compiler());
    tree_set_string(node, "compiler_flags", suite_flags());
    H5get_libversion(&major, &minor, &release);
    snprintf(text, sizeof text, "%u.%u.%u", major, minor, release);
    tree_set_string(node, "library_hdf5", text);
    tree_set_string(node, "library_openblas", openblas_get_config());
    tree_set_string(node, "openblas_core", openblas_get_corename());
    tree_set_string(node, "library_sodium", sodium_version_string());
    tree_set_string(node, "library_jansson", jansson_version_str());
    tree_set_string(node, "library_zlib", zlibVersion());
    tree_set_string(node, "libraries_built_with", suite_libraries());
}

void environment_store(struct tree *node) {
    store_cpu(node);
    store_system(node);
    store_build(node);
    tree_set_f64(node, "clock_step_seconds", clock_step());
    device_store(node);
}

/* Seconds that the hypervisor gave to others since boot: the eighth number of /proc/stat; -1
 * unknown. */
static double steal_seconds(void) {
    char line[TEXT];
    read_line("/proc/stat", line);
    char *at = line + strcspn(line, " ");
    unsigned long long ticks = 0;
    for (int i = 0; i < 8; i++) {
        char *end;
        ticks = strtoull(at, &end, 10);
        if (end == at) {
            return -1;
        }
        at = end;
    }
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

void environment_store_load(struct tree *node, const char *suffix) {
    static const char *const names[3] = {"load_1min_", "load_5min_", "load_15min_"};
    double load[3] = {0};
    char name[64];
    int got = getloadavg(load, 3);
    for (int i = 0; i < got && i < 3; i++) {
        snprintf(name, sizeof name, "%s%s", names[i], suffix);
        tree_set_f64(node, name, load[i]);
    }
    double steal = steal_seconds();
    if (steal >= 0) {
        snprintf(name, sizeof name, "steal_seconds_%s", suffix);
        tree_set_f64(node, name, steal);
    }
}

static void slug(const char *text, char *out, size_t size) {
    size_t n = 0;
    for (; *text != '\0' && n + 1 < size; text++) {
        if (isascii((unsigned char)*text) && isalnum((unsigned char)*text)) {
            out[n++] = (char)tolower((unsigned char)*text);
        } else if (n > 0 && out[n - 1] != '-') {
            out[n++] = '-';
        }
    }
    while (n > 0 && out[n - 1] == '-') {
        n--;
    }
    out[n] = '\0';
}

void environment_slug(char *out, size_t size) {
    char text[TEXT];
    read_key("/proc/cpuinfo", "model name", text);
    /* "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz": what follows adds nothing to the name */
    char *cut = strstr(text, " CPU @");
    if (cut != NULL) {
        *cut = '\0';
    }
    cut = strstr(text, "-Core");
    if (cut != NULL) {
        *cut = '\0';
    }
    slug(text, out, size < 40 ? size : 40);
    if (out[0] == '\0') {
        snprintf(out, size, "unknown");
    }
}
