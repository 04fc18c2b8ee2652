/* What a run keeps in its journal, and how a resumed run takes it up again.
 *
 * The first entry is the head: plan, machine, program.  Then come the roofline, sessions (one for
 * each time the run was resumed) and finished cells.  Cells whose arms are timed interleaved finish
 * together, with their group; others finish one by one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../record/cells_tree.h"
#include "environment.h"
#include "../record/record.h"
#include "run.h"
#include "run_journal.h"
#include "run_record.h"

static enum status no_memory(void) {
    return status_set(ST_SYSTEM, "out of memory while the journal was written");
}

/* Appends an entry and frees it. */
static enum status append(struct run *r, struct tree *entry, bool complete) {
    enum status st = complete ? journal_append(r->journal, entry) : no_memory();
    tree_free(entry);
    return st;
}

static bool is_kind(const struct tree *entry, const char *kind) {
    const char *text = tree_get_string(entry, "kind");
    return text != NULL && strcmp(text, kind) == 0;
}

/* --- the head --------------------------------------------------------------------------------- */

/* The plan as a record has it, with the names of its cells. */
static bool store_head_plan(const struct run *r, struct tree *plan) {
    struct tree *cells = tree_group(plan, "cells");
    bool ok = run_store_plan(r, plan) && cells != NULL;
    for (size_t i = 0; i < r->group_count && ok; i++) {
        const struct group *g = &r->groups[i]->group;
        for (size_t c = 0; c < g->cell_count && ok; c++) {
            ok = tree_group(cells, g->cells[c].id) != NULL;
        }
    }
    return ok;
}

static bool store_arguments(const struct run *r, struct tree *node) {
    bool ok = tree_set_i64(node, "count", r->options.argc);
    for (int i = 0; i < r->options.argc && ok; i++) {
        char name[32];
        snprintf(name, sizeof name, "a%04d", i);
        ok = tree_set_string(node, name, r->options.argv[i]);
    }
    return ok;
}

enum status run_journal_head(struct run *r) {
    struct tree *head = tree_new();
    const struct tree *environment = tree_find(r->record, "measurements/environment");
    bool ok = head != NULL && tree_set_string(head, "kind", "head") &&
              store_head_plan(r, tree_group(head, "plan")) &&
              store_arguments(r, tree_group(head, "arguments")) &&
              tree_merge(tree_group(head, "session"), r->session) &&
              tree_merge(tree_group(head, "environment"), environment);
    return append(r, head, ok);
}

enum status run_journal_roofline(struct run *r) {
    struct tree *entry = tree_new();
    struct tree *node = tree_group(entry, "roofline");
    bool ok = node != NULL && tree_set_string(entry, "kind", "roofline");
    if (ok) {
        roofline_store(&r->roofline, node);
    }
    return append(r, entry, ok);
}

/* --- finished cells --------------------------------------------------------------------------- */

static bool store_group_control(const struct run_group *g, struct tree *entry) {
    return g->control_of == NULL || run_store_control(g, tree_group(entry, "control"));
}

enum status run_journal_commit(struct run *r, struct run_group *g, struct cell *cells, size_t n) {
    size_t index = 0;
    if (r->journal == NULL) {
        return ST_OK;
    }
    while (index < r->group_count && r->groups[index] != g) {
        index++;
    }
    struct tree *entry = tree_new();
    struct tree *record = tree_group(entry, "record");
    struct tree *facts = tree_find(r->record, "plan/datasets");
    enum status st = record == NULL ? no_memory() : cells_to_tree(cells, n, record);
    bool ok = st == ST_OK && tree_set_string(entry, "kind", "cells") &&
              tree_set_i64(entry, "group", (int64_t)index) && store_group_control(g, entry) &&
              (facts == NULL || tree_merge(tree_group(entry, "datasets"), facts));
    if (st != ST_OK) {
        tree_free(entry);
        return st;
    }
    st = append(r, entry, ok);
    for (size_t i = 0; i < n && st == ST_OK; i++) {
        cells[i].finished = true;
    }
    return st;
}

/* --- resuming --------------------------------------------------------------------------------- */

static enum status refuse(const char *why) {
    return status_set(ST_INPUT,
                      "run --resume: %s; use what began it, or remove the .partial file "
                      "to begin anew",
                      why);
}

static bool same_text(const struct tree *a, const struct tree *b, const char *name) {
    const char *x = tree_get_string(a, name), *y = tree_get_string(b, name);
    return x == y || (x != NULL && y != NULL && strcmp(x, y) == 0);
}

static bool same_tree(const struct tree *a, const struct tree *b) {
    char x[DIGEST_HEX], y[DIGEST_HEX];
    if (a == NULL || b == NULL) {
        return a == b;
    }
    tree_digest(a, x);
    tree_digest(b, y);
    return strcmp(x, y) == 0;
}

bool run_journal_same_plan(const struct run *r, const struct tree *plan) {
    static const char *const names[] = {"experiments", "profile", "filter", "backend"};
    struct tree *mine = tree_new();
    bool same = mine != NULL && store_head_plan(r, mine) &&
                tree_get_i64(mine, "seed", -1) == tree_get_i64(plan, "seed", -2) &&
                tree_get_i64(mine, "threads", -1) == tree_get_i64(plan, "threads", -2) &&
                same_tree(tree_find(mine, "settings"), tree_find(plan, "settings")) &&
                same_tree(tree_find(mine, "inputs"), tree_find(plan, "inputs"));
    for (size_t i = 0; i < sizeof names / sizeof names[0] && same; i++) {
        same = same_text(mine, plan, names[i]);
    }
    const struct tree *cells = tree_find(mine, "cells"), *theirs = tree_find(plan, "cells");
    same = same && theirs != NULL && cells->child_count == theirs->child_count;
    for (size_t i = 0; same && i < cells->child_count; i++) {
        same = strcmp(cells->children[i]->name, theirs->children[i]->name) == 0;
    }
    tree_free(mine);
    return same;
}

/* Samples of two machines, or of two programs, do not belong into one record. */
static enum status check_place(const struct run *r, const struct tree *there) {
    static const char *const names[] = {"program_digest", "cpu_model", "isa",       "openblas_core",
                                        "suite_commit",   "compiler",  "cuda_uuid", "kernel"};
    const struct tree *here = tree_find(r->record, "measurements/environment");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!same_text(here, there, names[i])) {
            char why[160];
            snprintf(why, sizeof why, "it began on another machine or program (%s differs)",
                     names[i]);
            return refuse(why);
        }
    }
    return tree_get_i64(here, "cores", -1) == tree_get_i64(there, "cores", -1)
               ? ST_OK
               : refuse("it began with another number of cores");
}

static struct cell *find_cell(struct group *g, const char *id) {
    for (size_t i = 0; i < g->cell_count; i++) {
        if (strcmp(g->cells[i].id, id) == 0) {
            return &g->cells[i];
        }
    }
    return NULL;
}

static enum status restore_control(struct run_group *g, const struct tree *control) {
    const struct tree *samples = tree_find(control, "samples");
    const char *id = tree_get_string(control, "cell");
    g->control_of = id != NULL ? find_cell(&g->group, id) : NULL;
    if (g->control_of == NULL || samples == NULL || samples->value.type != TREE_F64) {
        return refuse("its journal has a broken A/A control");
    }
    g->control_ratio = tree_get_f64(control, "median_ratio", 0);
    g->control_p = tree_get_f64(control, "mann_whitney_p", 0);
    const double *values = samples->value.data;
    for (size_t i = 0; i < samples->value.bytes / sizeof *values; i++) {
        if (!cell_sample(&g->control, values[i], 0)) {
            return no_memory();
        }
    }
    return ST_OK;
}

static enum status restore_cells(struct run *r, const struct tree *entry) {
    int64_t index = tree_get_i64(entry, "group", -1);
    if (index < 0 || (size_t)index >= r->group_count) {
        return refuse("its journal has cells of no group of this plan");
    }
    struct run_group *g = r->groups[index];
    struct cell *cells;
    size_t n, taken = 0;
    enum status st = cells_from_tree(tree_find(entry, "record"), &cells, &n);
    for (; taken < n && st == ST_OK; taken++) {
        struct cell *planned = find_cell(&g->group, cells[taken].id);
        if (planned == NULL || planned->finished) {
            st = refuse("its journal has cells that are not of this plan");
            break;
        }
        cell_free(planned);
        *planned = cells[taken];
        planned->finished = true;
        cells[taken].samples = cells[taken].started = NULL; /* handed over */
    }
    cells_free(cells, n);
    const struct tree *control = tree_find(entry, "control");
    const struct tree *facts = tree_find(entry, "datasets");
    st = st == ST_OK && control != NULL ? restore_control(g, control) : st;
    if (st == ST_OK && facts != NULL &&
        (!tree_merge(tree_group(tree_group(r->record, "plan"), "datasets"), facts) ||
         !tree_merge(r->facts, facts))) {
        st = no_memory();
    }
    return st;
}

static enum status restore_entry(struct run *r, const struct tree *entry) {
    if (is_kind(entry, "cells")) {
        return restore_cells(r, entry);
    }
    if (is_kind(entry, "roofline") && !roofline_load(tree_find(entry, "roofline"), &r->roofline)) {
        return refuse("its journal has a broken roofline");
    }
    return ST_OK;
}

enum status run_journal_resume(struct run *r) {
    const struct tree *head = journal_entry(r->journal, 0);
    const char *started = tree_get_string(tree_find(head, "session"), "started");
    if (!is_kind(head, "head") || started == NULL ||
        !run_journal_same_plan(r, tree_find(head, "plan"))) {
        return refuse(
            "it began with another plan (experiments, profile, seed, settings or filter)");
    }
    enum status st = check_place(r, tree_find(head, "environment"));
    for (size_t i = 1; i < journal_count(r->journal) && st == ST_OK; i++) {
        st = restore_entry(r, journal_entry(r->journal, i));
    }
    if (st != ST_OK) {
        return st;
    }
    struct tree *session = tree_new();
    bool ok = session != NULL && tree_set_string(session, "kind", "session") &&
              tree_merge(tree_group(session, "session"), r->session);
    return append(r, session, ok);
}

/* --- for readers ------------------------------------------------------------------------------ */

/* Adds the cells of an entry to those before; takes them over. */
static enum status view_cells(const struct tree *entry, struct cell **cells, size_t *n) {
    struct cell *more;
    size_t count;
    enum status st = cells_from_tree(tree_find(entry, "record"), &more, &count);
    if (st != ST_OK) {
        return st;
    }
    struct cell *all = realloc(*cells, (*n + count + 1) * sizeof *all);
    if (all == NULL) {
        cells_free(more, count);
        return no_memory();
    }
    memcpy(all + *n, more, count * sizeof *all);
    free(more);
    *cells = all;
    *n += count;
    return ST_OK;
}

enum status run_journal_view(const struct journal *j, struct tree *root, struct cell **cells,
                             size_t *n) {
    const struct tree *head = journal_count(j) > 0 ? journal_entry(j, 0) : NULL;
    struct tree *measurements = tree_group(root, "measurements");
    *cells = NULL;
    *n = 0;
    if (head == NULL) {
        return status_set(ST_RECORD, "an unfinished run that was killed before it began");
    }
    bool ok = measurements != NULL &&
              tree_merge(tree_group(root, "plan"), tree_find(head, "plan")) &&
              tree_merge(measurements, tree_find(head, "session")) &&
              tree_merge(tree_group(measurements, "environment"), tree_find(head, "environment"));
    enum status st =
        ok ? ST_OK : status_set(ST_RECORD, "its first entry is not the head of an unfinished run");
    for (size_t i = 1; i < journal_count(j) && st == ST_OK; i++) {
        const struct tree *entry = journal_entry(j, i);
        st = is_kind(entry, "cells") ? view_cells(entry, cells, n) : ST_OK;
    }
    if (st != ST_OK) {
        cells_free(*cells, *n);
        *cells = NULL;
        *n = 0;
    }
    return st;
}

/* --- for the record --------------------------------------------------------------------------- */

static bool add_session(struct tree *sessions, size_t number, const struct tree *from) {
    char name[32];
    snprintf(name, sizeof name, "s%04zu", number);
    struct tree *node = tree_group(sessions, name);
    return node != NULL && tree_merge(node, from);
}

bool run_journal_sessions(const struct run *r, struct tree *measurements) {
    struct tree *sessions = tree_group(measurements, "sessions");
    size_t n = 0;
    bool ok = sessions != NULL;
    for (size_t i = 0; ok && i < journal_count(r->journal); i++) {
        const struct tree *from = tree_find(journal_entry(r->journal, i), "session");
        ok = from == NULL || add_session(sessions, n++, from);
    }
    return ok && add_session(sessions, n, r->session);
}

size_t run_journal_finished(const struct run *r) {
    size_t finished = 0;
    for (size_t i = 0; i < r->group_count; i++) {
        const struct group *g = &r->groups[i]->group;
        for (size_t c = 0; c < g->cell_count; c++) {
            finished += g->cells[c].finished;
        }
    }
    return finished;
}
