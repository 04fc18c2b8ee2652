/* attest run: the record's path is the last line on stdout. */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "../base/cpu.h"
#include "../run/environment.h"
#include "../base/escape.h"
#include "../record/record.h"
#include "../run/run.h"
#include "../run/run_journal.h"
#include "../run/run_path.h"

/* --- where the record goes -------------------------------------------------------------------- */

static enum status choose_path(const struct run_options *o, const char *started,
                               char path[PATH_MAX]) {
    char names[160] = "";
    path[0] = '\0';
    if (o->out != NULL) {
        int length = snprintf(path, PATH_MAX, "%s", o->out);
        return length < PATH_MAX ? ST_OK : status_set(ST_INPUT, "--out: the path is too long");
    }
    if (o->resume) {
        run_path_unfinished(path);
    }
    if (path[0] != '\0') {
        return ST_OK;
    }
    if (o->experiment_count == 0) {
        return status_set(ST_USAGE, "run --resume: no unfinished run in build/records; name its "
                                    "record with --out");
    }
    for (size_t i = 0; i < o->experiment_count; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? "-" : "",
                 o->experiments[i]->name);
    }
    size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "-%s", profile_name(o->profile));
    return run_path_default(names, started, path);
}

/* --- resuming --------------------------------------------------------------------------------- */

/* The options with which the unfinished run began; the strings stay the journal's. */
static enum status take_options(struct run *r) {
    const struct tree *arguments =
        journal_count(r->journal) > 0 ? tree_find(journal_entry(r->journal, 0), "arguments") : NULL;
    int64_t count = tree_get_i64(arguments, "count", 0);
    bool quiet = r->options.quiet;
    if (count < 1 || count > INT16_MAX) {
        return status_set(ST_INPUT, "run --resume: no unfinished run there; name experiments to "
                                    "begin one");
    }
    r->arguments = calloc((size_t)count + 1, sizeof(char *));
    if (r->arguments == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    for (int64_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "a%04lld", (long long)i);
        r->arguments[i] = (char *)(uintptr_t)tree_get_string(arguments, name);
        if (r->arguments[i] == NULL) {
            return status_set(ST_INPUT, "run --resume: the journal lacks a command line");
        }
    }
    enum status st = run_options_read((int)count, r->arguments, &r->options);
    r->options.resume = true;
    r->options.quiet = quiet || r->options.quiet;
    return st;
}

/* True if the record is there, whole, and of this plan: the run was killed in its last moment, or
 * had ended. */
static bool already_complete(const struct run *r, const char *path) {
    struct tree *root;
    if (record_read(path, &root, NULL) != ST_OK) {
        return false;
    }
    bool same =
        r->options.experiment_count == 0 || run_journal_same_plan(r, tree_find(root, "plan"));
    tree_free(root);
    return same;
}

/* --- the run ---------------------------------------------------------------------------------- */

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

static enum status store_environment(struct run *r) {
    struct tree *environment = tree_group(tree_group(r->record, "measurements"), "environment");
    if (environment == NULL || !tree_set_string(r->session, "started", r->started)) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    environment_store(environment);
    environment_store_load(environment, "before");
    environment_store_load(r->session, "before");
    return ST_OK;
}

static enum status begin(struct run *r) {
    enum status st = store_environment(r);
    if (st != ST_OK) {
        return st;
    }
    st = journal_count(r->journal) > 0 ? run_journal_resume(r) : run_journal_head(r);
    if (st != ST_OK || r->roofline.threads > 0) { /* a resumed run has it already */
        return st;
    }
    run_note(r, "measuring this machine's roofline");
    st = roofline_measure(cpu_count(), &r->roofline);
    return st == ST_OK ? run_journal_roofline(r) : st;
}

static enum status execute(struct run *r, const char *path) {
    progress_start(r->options.quiet, r->options.color);
    enum status st = begin(r);
    st = st == ST_OK ? run_execute(r) : st;
    progress_end();
    st = st == ST_OK ? run_record(r) : st;
    return st == ST_OK ? record_write(r->record, path, NULL) : st;
}

/* Says where finished cells lie when the run ends without a record. */
static enum status keep_journal(enum status st, const struct run *r, const char *path) {
    char said[ESCAPE_LINE], shown[ESCAPE_LINE];
    snprintf(said, sizeof said, "%s", status_message());
    escape_text(path, shown, sizeof shown);
    return status_set(st, "%s; %zu finished cells are kept: attest run --resume --out %s", said,
                      run_journal_finished(r), shown);
}

static enum status run_to_end(struct run *r, const char *path) {
    enum status st = execute(r, path);
    if (st != ST_OK && run_journal_finished(r) > 0) {
        return keep_journal(st, r, path);
    }
    bool keep = st != ST_OK && journal_count(r->journal) > 0; /* refused: not ours to remove */
    if (!keep) {
        journal_remove(r->journal);
        r->journal = NULL;
    }
    return st;
}

/* What the journal that was found, or not found, means for this run. */
static enum status settle_journal(struct run *r, const char *path, bool *complete) {
    bool unfinished = journal_count(r->journal) > 0;
    *complete = !unfinished && r->options.resume && already_complete(r, path);
    if (unfinished && !r->options.resume) {
        char shown[ESCAPE_LINE];
        escape_text(path, shown, sizeof shown);
        return status_set(ST_INPUT,
                          "%s.partial: an unfinished run lies here; go on with --resume, "
                          "or remove it",
                          shown);
    }
    if (*complete || r->options.experiment_count > 0) {
        return ST_OK;
    }
    enum status st = take_options(r);
    return st == ST_OK ? run_plan(r) : st;
}

enum status run_to_record(struct run *r, char path[PATH_MAX], bool *complete) {
    r->record = tree_new();
    r->session = tree_new();
    r->facts = tree_new();
    if (r->record == NULL || r->session == NULL || r->facts == NULL) {
        return status_set(ST_SYSTEM, "out of memory");
    }
    run_time_now(r->started);
    enum status st = r->options.experiment_count > 0 ? run_plan(r) : ST_OK;
    st = st == ST_OK ? choose_path(&r->options, r->started, path) : st;
    st = st == ST_OK ? run_path_check(path) : st;
    st = st == ST_OK ? journal_open(path, &r->journal) : st;
    if (st != ST_OK) {
        return st;
    }
    st = settle_journal(r, path, complete);
    st = st == ST_OK && !*complete ? record_check_free(path) : st;
    if (st == ST_OK && !*complete) {
        return run_to_end(r, path);
    }
    if (journal_count(r->journal) == 0) {
        journal_remove(r->journal);
        r->journal = NULL;
    }
    return st;
}

enum status args_run(int argc, char **argv) {
    struct run_options o;
    return run_options_read(argc, argv, &o);
}

enum status cmd_run(int argc, char **argv) {
    struct run r = {0};
    enum status st = run_options_read(argc, argv, &r.options);
    if (st == ST_OK && r.options.help) {
        options_help(stdout, "run");
        return ST_OK;
    }
    if (st != ST_OK) {
        return st;
    }
    char path[PATH_MAX];
    bool complete = false;
    st = run_to_record(&r, path, &complete);
    if (st == ST_OK) {
        printf("%s\n", path);
        st = complete ? ST_OK : verdict_of_run(&r);
    }
    run_free(&r);
    return st;
}
