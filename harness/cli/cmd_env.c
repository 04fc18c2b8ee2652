/* attest env: what this machine and this build are and how fast the machine is, as a record would
 * hold it. */
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "progress.h"
#include "../base/cpu.h"
#include "../run/environment.h"
#include "../run/roofline.h"

static json_t *value_json(const struct tree_value *v) {
    switch (v->type) {
    case TREE_STRING:
        return json_string(v->data);
    case TREE_I64:
        return json_integer(*(const int64_t *)v->data);
    case TREE_F64:
        return json_real(*(const double *)v->data);
    default:
        return json_null();
    }
}

static void print_text(const struct tree *node) {
    for (size_t i = 0; i < node->attribute_count; i++) {
        const struct tree_attribute *a = &node->attributes[i];
        json_t *value = value_json(&a->value);
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
        printf("%-34s %s\n", a->name, text != NULL ? text : "");
        free(text);
        json_decref(value);
    }
}

static void print_json(const struct tree *node) {
    json_t *object = json_object();
    for (size_t i = 0; i < node->attribute_count; i++) {
        json_object_set_new(object, node->attributes[i].name,
                            value_json(&node->attributes[i].value));
    }
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    printf("\n");
    json_decref(object);
}

struct options {
    bool json, help;
};

static enum status read_options(int argc, char **argv, struct options *o) {
    const char *value;
    optind = 0;
    for (enum option_id id; (id = options_next("env", argc, argv, &value)) != OPTION_END;) {
        if (id == OPTION_ERROR) {
            return ST_USAGE;
        }
        if (id == OPTION_HELP) {
            o->help = true;
            return ST_OK;
        }
        o->json = true;
    }
    if (optind < argc) {
        return status_set(ST_USAGE, "env: takes no operand, got \"%s\"", argv[optind]);
    }
    return ST_OK;
}

enum status args_env(int argc, char **argv) {
    struct options o = {0};
    return read_options(argc, argv, &o);
}

/* Takes a second or two. */
static enum status store_roofline(struct tree *node) {
    struct roofline r;
    progress_start(false, PROGRESS_AUTO);
    progress_update(0, "measuring this machine's roofline");
    const enum status st = roofline_measure(cpu_count(), &r);
    progress_end();
    if (st == ST_OK) {
        roofline_store(&r, node);
    }
    return st;
}

enum status cmd_env(int argc, char **argv) {
    struct options o = {0};
    enum status st = read_options(argc, argv, &o);
    if (st != ST_OK) {
        return st;
    }
    if (o.help) {
        options_help(stdout, "env");
        return ST_OK;
    }
    struct tree *node = tree_new();
    if (node == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    environment_store(node);
    environment_store_load(node, "now");
    st = store_roofline(node);
    if (st == ST_OK && o.json) {
        print_json(node);
    } else if (st == ST_OK) {
        print_text(node);
    }
    tree_free(node);
    return st;
}
