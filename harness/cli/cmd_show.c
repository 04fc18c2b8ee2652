/* attest show: what a record holds. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "../record/cells_tree.h"
#include "commands.h"
#include "../base/escape.h"
#include "../run/run_journal.h"
#include "show.h"

struct options {
    bool json, help;
    const char *cell, *path;
};

static enum status read_options(int argc, char **argv, struct options *o) {
    optind = 0; /* a new scan */
    const char *value;
    enum option_id id;
    while ((id = options_next("show", argc, argv, &value)) != OPTION_END) {
        if (id == OPTION_ERROR)
            return ST_USAGE;
        if (id == OPTION_HELP) {
            o->help = true;
            return ST_OK;
        }
        if (id == OPTION_SHOW_CELL)
            o->cell = value;
        else
            o->json = true;
    }
    if (argc - optind != 1)
        return status_set(ST_USAGE, "show: name one record: attest show RECORD");
    o->path = argv[optind];
    return ST_OK;
}

static enum status find_cell(struct shown *s, const char *id) {
    for (size_t i = 0; i < s->cell_count; i++) {
        if (strcmp(s->cells[i].id, id) == 0) {
            s->only = &s->cells[i];
            return ST_OK;
        }
    }
    char path[ESCAPE_LINE / 2], name[ESCAPE_LINE / 2];
    escape_text(s->path, path, sizeof path);
    escape_text(id, name, sizeof name);
    return status_set(ST_INPUT, "%s: no cell '%s': attest show lists them", path, name);
}

/* Puts the record's name before a complaint about its cells. */
static enum status name_record(enum status st, const char *path) {
    char said[ESCAPE_LINE], shown[ESCAPE_LINE / 2], line[2 * ESCAPE_LINE];
    escape_text(status_message(), said, sizeof said);
    escape_text(path, shown, sizeof shown);
    snprintf(line, sizeof line, "%s: %s", shown, said);
    return status_set(st, "%s", line);
}

static bool is_partial(const char *path) {
    static const char end[] = ".partial";
    size_t length = strlen(path), tail = sizeof end - 1;
    return length > tail && strcmp(path + length - tail, end) == 0;
}

/* The finished cells of a run that is under way or was killed. */
static enum status open_partial(struct shown *s) {
    struct journal *j;
    enum status st = journal_read(s->path, &j);
    if (st != ST_OK)
        return st;
    s->partial = true;
    s->root = tree_new();
    st = run_journal_view(j, s->root, &s->cells, &s->cell_count);
    const struct tree *planned = tree_find(s->root, "plan/cells");
    s->planned = planned != NULL ? planned->child_count : 0;
    journal_close(j);
    return st == ST_OK ? ST_OK : name_record(st, s->path);
}

static enum status open_record(struct shown *s) {
    enum status st = record_read(s->path, &s->root, &s->seal);
    if (st != ST_OK)
        return st;
    st = cells_from_tree(s->root, &s->cells, &s->cell_count);
    return st == ST_OK ? ST_OK : name_record(st, s->path);
}

enum status args_show(int argc, char **argv) {
    struct options o = {0};
    return read_options(argc, argv, &o);
}

enum status cmd_show(int argc, char **argv) {
    struct options o = {0};
    enum status st = read_options(argc, argv, &o);
    if (st != ST_OK)
        return st;
    if (o.help) {
        options_help(stdout, "show");
        return ST_OK;
    }
    struct shown s = {.path = o.path};
    st = is_partial(o.path) ? open_partial(&s) : open_record(&s);
    if (st == ST_OK && o.cell != NULL)
        st = find_cell(&s, o.cell);
    if (st == ST_OK)
        st = o.json ? show_json(&s, stdout) : show_text(&s, stdout);
    if (st == ST_OK && (fflush(stdout) != 0 || ferror(stdout)))
        st = status_set(ST_SYSTEM, "cannot write to standard output: %s", strerror(errno));
    cells_free(s.cells, s.cell_count);
    tree_free(s.root);
    return st;
}
