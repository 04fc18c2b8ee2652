/* attest verify: are records what their seals say? */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cells_tree.h"
#include "commands.h"
#include "escape.h"
#include "record.h"

struct options {
    bool verbose, help;
};

static enum status read_options(int argc, char **argv, struct options *o) {
    optind = 0; /* a new scan */
    const char *value;
    enum option_id id;
    while ((id = options_next("verify", argc, argv, &value)) != OPTION_END) {
        if (id == OPTION_ERROR)
            return ST_USAGE;
        if (id == OPTION_HELP) {
            o->help = true;
            return ST_OK;
        }
        o->verbose = true;
    }
    if (optind == argc)
        return status_set(ST_USAGE, "verify: name at least one record: attest verify RECORD...");
    return ST_OK;
}

static void print_seal(const struct seal *s) {
    printf("  file          %s\n  content       %s\n  plan          %s\n  outputs       %s\n"
           "  measurements  %s\n  bytes         %llu\n  started       %s\n  commit        %s\n"
           "  hdf5          %s\n",
           s->file_digest, s->content_digest, s->plan_digest, s->outputs_digest,
           s->measurements_digest, (unsigned long long)s->size, s->started, s->suite_commit,
           s->hdf5_version);
}

/* One record: bytes, content, and cells that can be read. */
static enum status verify(const char *path, const struct options *o) {
    struct tree *root = NULL;
    struct seal seal;
    struct cell *cells = NULL;
    size_t n = 0;
    char shown[ESCAPE_LINE];
    escape_text(path, shown, sizeof shown);
    enum status st = record_read(path, &root, &seal);
    if (st == ST_OK && (st = cells_from_tree(root, &cells, &n)) != ST_OK) {
        char said[ESCAPE_LINE];
        escape_text(status_message(), said, sizeof said);
        status_set(st, "%s: %s", shown, said);
    }
    cells_free(cells, n);
    tree_free(root);
    if (st != ST_OK)
        return st;
    printf("%s: ok (UNSIGNED: detects accidents, not forgery)\n", shown);
    if (o->verbose)
        print_seal(&seal);
    return ST_OK;
}

enum status cmd_verify(int argc, char **argv) {
    struct options o = {0};
    enum status st = read_options(argc, argv, &o);
    if (st != ST_OK)
        return st;
    if (o.help) {
        options_help(stdout, "verify");
        return ST_OK;
    }
    int first = optind, failed = 0, count = argc - first;
    for (int i = first; i < argc; i++) {
        if (verify(argv[i], &o) == ST_OK)
            continue;
        failed++;
        /* A single record's message is left to main; of several, each is told here. */
        if (count > 1)
            printf("FAILED %s\n", status_message());
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        return status_set(ST_SYSTEM, "cannot write to standard output: %s", strerror(errno));
    if (failed == 0)
        return ST_OK;
    if (count == 1) {
        char said[2 * ESCAPE_LINE];
        snprintf(said, sizeof said, "%s", status_message());
        return status_set(ST_RECORD, "%s", said);
    }
    return status_set(ST_RECORD, "%d of %d records failed verification", failed, count);
}
