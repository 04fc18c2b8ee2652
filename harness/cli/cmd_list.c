/* attest list: experiments, arms, kernels, datasets, and why something cannot run here. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../datasets/dataset.h"
#include "commands.h"
#include "../base/cpu.h"
#include "../judge/kernel.h"
#include "../run/run.h"

/* Each list is an array of objects; text is made of the same objects. */
static void add_row(json_t *rows, json_t *row) { json_array_append_new(rows, row); }

static json_t *text_or_null(const char *text) {
    return text != NULL ? json_string(text) : json_null();
}

static json_t *list_metrics(const struct experiment *e) {
    json_t *metrics = json_array();
    for (const struct metric_info *m = e->metrics; m != NULL && m->name != NULL; m++) {
        add_row(metrics, json_pack("{s:s,s:s,s:s,s:s}", "name", m->name, "unit", m->unit, "kind",
                                   m->output ? "output" : "measured", "meaning", m->meaning));
    }
    return metrics;
}

static void list_experiments(json_t *rows) {
    for (size_t i = 0; experiments[i] != NULL; i++) {
        const struct experiment *e = experiments[i];
        json_t *settings = json_object();
        for (const struct setting *s = e->settings; s != NULL && s->name != NULL; s++) {
            json_object_set_new(settings, s->name,
                                json_pack("{s:s,s:s}", "default", s->fallback, "help", s->help));
        }
        add_row(rows,
                json_pack("{s:s,s:s,s:s,s:o,s:o}", "name", e->name, "title", e->title, "source",
                          e->source, "settings", settings, "metrics", list_metrics(e)));
    }
}

static void list_kernels(json_t *rows) {
    for (size_t i = 0; kernels[i] != NULL; i++) {
        const struct kernel *k = kernels[i];
        char isa[128];
        cpu_isa_names(k->isa, isa, sizeof isa);
        add_row(rows, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o}", "name", k->name, "operation",
                                k->operation, "backend", backend_name(k->backend), "dtype",
                                k->dtype, "isa", isa, "source", k->source, "bound", k->bound,
                                "unavailable", text_or_null(kernel_unavailable(k))));
    }
}

static void list_datasets(json_t *rows) {
    for (const struct dataset_info *d = dataset_infos; d->name != NULL; d++) {
        add_row(rows, json_pack("{s:s,s:s,s:s,s:s,s:o}", "name", d->name, "kind", d->kind,
                                "summary", d->summary, "licence", d->licence, "unavailable",
                                text_or_null(dataset_unavailable(d))));
    }
}

/* Arms are what the default plans contain. */
static enum status list_arms(json_t *rows) {
    struct run r = {.options = {.profile = PROFILE_DEFAULT, .seed = 1}};
    for (size_t i = 0; experiments[i] != NULL && i < RUN_EXPERIMENTS; i++) {
        r.options.experiments[r.options.experiment_count++] = experiments[i];
    }
    r.record = tree_new();
    enum status st = r.record != NULL ? run_plan(&r) : status_set(ST_SYSTEM, "out of memory");
    size_t n = 0;
    struct cell *cells = st == ST_OK ? run_cells(&r, &n) : NULL;
    json_t *seen = json_object();
    for (size_t i = 0; cells != NULL && i < n; i++) {
        const struct cell *c = &cells[i];
        char key[4 * CELL_NAME];
        snprintf(key, sizeof key, "%s %s %s", c->experiment, c->arm, c->kernel);
        if (json_object_get(seen, key) == NULL) {
            json_object_set_new(seen, key, json_true());
            add_row(rows,
                    json_pack("{s:s,s:s,s:s,s:s,s:o}", "experiment", c->experiment, "name", c->arm,
                              "kernel", c->kernel, "backend", c->backend, "unavailable",
                              c->verdict == VERDICT_SKIP ? json_string(c->reason) : json_null()));
        }
    }
    json_decref(seen);
    free(cells);
    run_free(&r);
    return st;
}

static void print_settings(const json_t *settings) {
    const char *name;
    json_t *setting;
    json_object_foreach((json_t *)(uintptr_t)settings, name, setting) {
        printf("    --set %s=%s    %s\n", name,
               json_string_value(json_object_get(setting, "default")),
               json_string_value(json_object_get(setting, "help")));
    }
}

static void print_metrics(const json_t *metrics) {
    size_t i;
    json_t *metric;
    json_array_foreach(metrics, i, metric) {
        printf("    metric %s (%s, %s)    %s\n", json_string_value(json_object_get(metric, "name")),
               json_string_value(json_object_get(metric, "unit")),
               json_string_value(json_object_get(metric, "kind")),
               json_string_value(json_object_get(metric, "meaning")));
    }
}

static void print_text(const json_t *rows) {
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) {
        static const char *const fields[] = {"kernel", "operation", "title", "summary", NULL};
        const char *missing = json_string_value(json_object_get(row, "unavailable"));
        printf("%-24s", json_string_value(json_object_get(row, "name")));
        for (size_t f = 0; fields[f] != NULL; f++) {
            const char *text = json_string_value(json_object_get(row, fields[f]));
            if (text != NULL) {
                printf(" %s", text);
            }
        }
        if (missing != NULL) {
            printf("  [SKIP: %s]", missing);
        }
        printf("\n");
        print_settings(json_object_get(row, "settings"));
        print_metrics(json_object_get(row, "metrics"));
    }
}

static enum status list(const char *what, json_t *rows) {
    if (strcmp(what, "experiments") == 0) {
        list_experiments(rows);
    } else if (strcmp(what, "arms") == 0) {
        return list_arms(rows);
    } else if (strcmp(what, "kernels") == 0) {
        list_kernels(rows);
    } else if (strcmp(what, "datasets") == 0) {
        list_datasets(rows);
    } else {
        return status_set(
            ST_USAGE, "list: no list \"%s\"; there are experiments, arms, kernels, datasets", what);
    }
    return ST_OK;
}

struct options {
    bool json, help;
    const char *what;
};

static enum status read_options(int argc, char **argv, struct options *o) {
    const char *value;
    optind = 0;
    for (enum option_id id; (id = options_next("list", argc, argv, &value)) != OPTION_END;) {
        if (id == OPTION_ERROR) {
            return ST_USAGE;
        }
        if (id == OPTION_HELP) {
            o->help = true;
            return ST_OK;
        }
        o->json = true;
    }
    if (argc - optind > 1) {
        return status_set(ST_USAGE, "list: one list at a time");
    }
    o->what = optind < argc ? argv[optind] : "experiments";
    return ST_OK;
}

enum status args_list(int argc, char **argv) {
    struct options o = {0};
    return read_options(argc, argv, &o);
}

enum status cmd_list(int argc, char **argv) {
    struct options o = {0};
    enum status st = read_options(argc, argv, &o);
    if (st != ST_OK) {
        return st;
    }
    if (o.help) {
        options_help(stdout, "list");
        return ST_OK;
    }
    json_t *rows = json_array();
    st = list(o.what, rows);
    if (st == ST_OK && o.json) {
        json_dumpf(rows, stdout, JSON_INDENT(2));
        printf("\n");
    } else if (st == ST_OK) {
        print_text(rows);
    }
    json_decref(rows);
    return st;
}
