/* attest run: the record's path is the last line on stdout. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "cpu.h"
#include "environment.h"
#include "record.h"
#include "run.h"
#include "version.h"

static enum status one_of(const char *option, const char *value, const char *const *names,
                          int *out) {
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], value) == 0) {
            *out = i;
            return ST_OK;
        }
    }
    return status_set(ST_USAGE, "run: --%s %s: not one of its values; see attest run --help",
                      option, value);
}

static enum status whole_number(const char *option, const char *value, long long lo, long long hi,
                                long long *out) {
    char *end;
    errno = 0;
    *out = strtoll(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0 || *out < lo || *out > hi) {
        return status_set(ST_USAGE, "run: --%s %s: a whole number from %lld to %lld is needed",
                          option, value, lo, hi);
    }
    return ST_OK;
}

static enum status add_set(struct run_options *o, const char *value) {
    const char *equals = strchr(value, '=');
    if (equals == NULL || equals == value || o->set_count == RUN_SETTINGS) {
        return status_set(ST_USAGE, "run: --set %s: NAME=VALUE is needed, at most %d times", value,
                          RUN_SETTINGS);
    }
    struct run_set *s = &o->sets[o->set_count];
    if ((size_t)(equals - value) >= sizeof s->name || strlen(equals + 1) >= sizeof s->value) {
        return status_set(ST_USAGE, "run: --set %s: too long", value);
    }
    snprintf(s->name, sizeof s->name, "%.*s", (int)(equals - value), value);
    snprintf(s->value, sizeof s->value, "%s", equals + 1);
    o->set_count++;
    return ST_OK;
}

static enum status take_option(struct run_options *o, enum option_id id, const char *value) {
    static const char *const profiles[] = {"smoke", "default", "full", NULL};
    static const char *const backends[] = {"cpu", "cuda", NULL};
    static const char *const colors[] = {"auto", "always", "never", NULL};
    int choice = 0;
    long long number = 0;
    enum status st = ST_OK;
    switch (id) {
    case OPTION_RUN_PROFILE:
        st = one_of("profile", value, profiles, &choice);
        o->profile = (enum profile)choice;
        return st;
    case OPTION_RUN_BACKEND:
        st = one_of("backend", value, backends, &choice);
        o->backend = backends[choice];
        return st;
    case OPTION_RUN_COLOR:
        st = one_of("color", value, colors, &choice);
        o->color = (enum progress_color)choice;
        return st;
    case OPTION_RUN_THREADS:
        st = whole_number("threads", value, 1, cpu_count(), &number);
        o->threads = (int)number;
        return st;
    case OPTION_RUN_SEED:
        st = whole_number("seed", value, 0, INT64_MAX, &number);
        o->seed = (uint64_t)number;
        return st;
    case OPTION_RUN_SET:
        return add_set(o, value);
    case OPTION_RUN_OUT:
        o->out = value;
        return ST_OK;
    case OPTION_RUN_FILTER:
        o->filter = value;
        return ST_OK;
    case OPTION_RUN_DATASET:
        o->dataset = value;
        return ST_OK;
    case OPTION_RUN_QUERIES:
        o->queries = value;
        return ST_OK;
    default:
        o->quiet = true;
        return ST_OK;
    }
}

static enum status add_experiment(struct run_options *o, const char *name) {
    const struct experiment *e = experiment_find(name);
    if (e == NULL) {
        return status_set(ST_USAGE, "run: no experiment \"%s\"; attest list experiments shows them",
                          name);
    }
    for (size_t i = 0; i < o->experiment_count; i++) {
        if (o->experiments[i] == e) {
            return status_set(ST_USAGE, "run: experiment %s is named twice", name);
        }
    }
    if (o->experiment_count == RUN_EXPERIMENTS) {
        return status_set(ST_USAGE, "run: too many experiments");
    }
    o->experiments[o->experiment_count++] = e;
    return ST_OK;
}

/* ST_SKIP with an empty line: --help was asked for and printed. */
static enum status read_options(int argc, char **argv, struct run_options *o) {
    const char *value;
    enum option_id id;
    *o = (struct run_options){.profile = PROFILE_DEFAULT, .seed = 1};
    optind = 0;
    while ((id = options_next("run", argc, argv, &value)) != OPTION_END) {
        if (id == OPTION_ERROR) {
            return ST_USAGE;
        }
        if (id == OPTION_HELP) {
            options_help(stdout, "run");
            return ST_SKIP;
        }
        enum status st = take_option(o, id, value);
        if (st != ST_OK) {
            return st;
        }
    }
    enum status st = ST_OK;
    for (int i = optind; i < argc && st == ST_OK; i++) {
        st = add_experiment(o, argv[i]);
    }
    if (st == ST_OK && o->experiment_count == 0) {
        st = status_set(ST_USAGE, "run: name an experiment; attest list experiments shows them");
    }
    if (st == ST_OK && o->queries != NULL && o->dataset == NULL) {
        st = status_set(ST_USAGE, "run: --queries goes with --dataset");
    }
    return st;
}

/* build/records/EXPERIMENTS-PROFILE-MACHINE-TIME.h5 */
static enum status default_path(const struct run *r, char *out, size_t size) {
    char machine[40], names[160] = "", stamp[32];
    environment_slug(machine, sizeof machine);
    for (size_t i = 0; i < r->options.experiment_count; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? "-" : "",
                 r->options.experiments[i]->name);
    }
    size_t n = 0;
    for (const char *p = r->started; *p != '\0'; p++) { /* 20261122T073000Z */
        if (*p != '-' && *p != ':') {
            stamp[n++] = *p;
        }
    }
    stamp[n] = '\0';
    if ((mkdir("build", 0777) != 0 && errno != EEXIST) ||
        (mkdir("build/records", 0777) != 0 && errno != EEXIST)) {
        return status_set(ST_SYSTEM, "build/records: %s; name a file with --out", strerror(errno));
    }
    snprintf(out, size, "build/records/%s-%s-%s-%s.h5", names, profile_name(r->options.profile),
             machine, stamp);
    return ST_OK;
}

/* A long run must not fail at its end for a folder that is missing or read-only. */
static enum status check_writable(const char *path) {
    char folder[4096];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash != NULL ? (int)(slash - path) + 1 : 1,
             slash != NULL ? path : ".");
    if (access(folder, W_OK | X_OK) != 0) {
        return status_set(ST_SYSTEM, "%s: folder of the record: %s; choose another with --out",
                          folder, strerror(errno));
    }
    return ST_OK;
}

static enum status verdict_of_run(const struct run *r) {
    size_t failed = 0, skipped = 0, total = 0;
    for (size_t i = 0; i < r->group_count; i++) {
        const struct group *g = &r->groups[i]->group;
        for (size_t c = 0; c < g->cell_count; c++) {
            failed += g->cells[c].verdict == VERDICT_FAIL;
            skipped += g->cells[c].verdict == VERDICT_SKIP;
            total++;
        }
    }
    if (failed > 0) {
        return status_set(ST_CHECK, "%zu of %zu cells failed their check and were not timed",
                          failed, total);
    }
    if (skipped == total) {
        return status_set(ST_SKIP, "all %zu cells were skipped; attest show tells why", total);
    }
    return ST_OK;
}

static enum status execute(struct run *r) {
    char path[4096];
    run_time_now(r->started);
    enum status st = run_plan(r);
    if (st == ST_OK && r->options.out == NULL) {
        st = default_path(r, path, sizeof path);
    } else if (st == ST_OK) {
        snprintf(path, sizeof path, "%s", r->options.out);
    }
    st = st == ST_OK ? check_writable(path) : st;
    struct tree *measurements = tree_group(r->record, "measurements");
    struct tree *environment =
        measurements != NULL ? tree_group(measurements, "environment") : NULL;
    if (st == ST_OK && environment == NULL) {
        st = status_set(ST_SYSTEM, "out of memory");
    }
    if (st != ST_OK) {
        return st;
    }
    environment_store(environment);
    environment_store_load(environment, "before");
    progress_start(r->options.quiet, r->options.color);
    st = run_execute(r);
    progress_end();
    struct seal seal;
    st = st == ST_OK ? run_record(r) : st;
    st = st == ST_OK ? record_write(r->record, path, &seal) : st;
    if (st == ST_OK) {
        printf("%s\n", path);
        st = verdict_of_run(r);
    }
    return st;
}

enum status cmd_run(int argc, char **argv) {
    struct run r = {0};
    enum status st = read_options(argc, argv, &r.options);
    if (st != ST_OK) {
        return st == ST_SKIP ? ST_OK : st;
    }
    r.record = tree_new();
    st = r.record == NULL ? status_set(ST_SYSTEM, "out of memory") : execute(&r);
    run_free(&r);
    return st;
}
