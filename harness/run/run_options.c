/* The command line of `attest run`. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cpu.h"
#include "../cli/options.h"
#include "run.h"

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
        if (o->dataset_count == RUN_DATASETS) {
            return status_set(ST_USAGE, "run: --dataset: at most %d times", RUN_DATASETS);
        }
        o->datasets[o->dataset_count++] = value;
        return ST_OK;
    case OPTION_RUN_MODEL:
        o->model = value;
        return ST_OK;
    case OPTION_RUN_TEXT:
        o->text = value;
        return ST_OK;
    case OPTION_RUN_QUERIES:
        o->queries = value;
        return ST_OK;
    case OPTION_RUN_RESUME:
        o->resume = true;
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

enum status run_options_read(int argc, char **argv, struct run_options *o) {
    const char *value;
    enum option_id id;
    *o = (struct run_options){.profile = PROFILE_DEFAULT, .seed = 1, .argc = argc, .argv = argv};
    optind = 0;
    while ((id = options_next("run", argc, argv, &value)) != OPTION_END) {
        if (id == OPTION_ERROR) {
            return ST_USAGE;
        }
        if (id == OPTION_HELP) {
            o->help = true;
            return ST_OK;
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
    if (st == ST_OK && o->experiment_count == 0 && !o->resume) {
        st = status_set(ST_USAGE, "run: name an experiment; attest list experiments shows them");
    }
    if (st == ST_OK && o->queries != NULL && o->dataset_count != 1) {
        st = status_set(ST_USAGE, "run: --queries goes with one --dataset");
    }
    return st;
}
