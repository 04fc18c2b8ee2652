/* attest verify: are records what their seals say, and is a folder's chain of them whole? */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../../datasets/model_record.h"
#include "../record/cells_tree.h"
#include "../seal/chain.h"
#include "commands.h"
#include "../base/escape.h"
#include "../seal/keys.h"
#include "../record/record.h"
#include "../run/rerun.h"

struct options {
    bool verbose, help, rerun;
    const char *chain, *head;
    struct minisign_public keys[KEYS_MAX];
    size_t key_count;
};

static enum status add_key(struct options *o, const char *path) {
    if (o->key_count == KEYS_MAX)
        return status_set(ST_USAGE, "verify: at most %d keys", (int)KEYS_MAX);
    struct minisign_public *key = &o->keys[o->key_count];
    enum status st = keys_read_public(path, key);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < o->key_count; i++) {
        if (memcmp(o->keys[i].id, key->id, sizeof key->id) == 0)
            return status_set(ST_USAGE, "verify: two keys have the same id");
    }
    o->key_count++;
    return ST_OK;
}

static enum status read_option(struct options *o, enum option_id id, const char *value) {
    switch (id) {
    case OPTION_VERIFY_CHAIN:
        o->chain = value;
        return ST_OK;
    case OPTION_VERIFY_HEAD:
        o->head = value;
        if (strlen(value) == DIGEST_HEX - 1 && strspn(value, "0123456789abcdef") == DIGEST_HEX - 1)
            return ST_OK;
        return status_set(ST_USAGE, "verify: --head is 64 lower-case hexadecimal digits");
    case OPTION_VERIFY_RERUN:
        o->rerun = true;
        return ST_OK;
    case OPTION_VERIFY_KEY:
        return add_key(o, value);
    default:
        o->verbose = true;
        return ST_OK;
    }
}

/* What may stand together. */
static enum status check_options(const struct options *o, int operands) {
    if (o->chain == NULL && o->head != NULL)
        return status_set(ST_USAGE, "verify: --head is the end of a --chain");
    if (o->chain == NULL && operands == 0)
        return status_set(ST_USAGE, "verify: name at least one record: attest verify RECORD...");
    if (o->rerun && operands != 1)
        return status_set(ST_USAGE, "verify: --rerun takes one record");
    if (o->chain != NULL && operands > 0)
        return status_set(ST_USAGE, "verify: --chain takes all records of its folder: name none");
    if (o->chain != NULL && o->key_count == 0)
        return status_set(ST_USAGE, "verify: a chain without --key proves nothing: name the key");
    return ST_OK;
}

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
        enum status st = read_option(o, id, value);
        if (st != ST_OK)
            return st;
    }
    return check_options(o, argc - optind);
}

/* --- records -------------------------------------------------------------------------------- */

static void print_seal(const struct seal *s) {
    printf("  file          %s\n  content       %s\n  plan          %s\n  outputs       %s\n"
           "  measurements  %s\n  bytes         %llu\n  started       %s\n  commit        %s\n"
           "  hdf5          %s\n",
           s->file_digest, s->content_digest, s->plan_digest, s->outputs_digest,
           s->measurements_digest, (unsigned long long)s->size, s->started, s->suite_commit,
           s->hdf5_version);
    if (!s->has_signature)
        return;
    printf("  key           %s\n  signature     %s\n", s->key_id, s->signature_digest);
    if (s->number > 0)
        printf("  sealed as     %s\n  number        %llu\n  previous      %s\n", s->name,
               (unsigned long long)s->number, s->previous[0] != '\0' ? s->previous : "none");
}

static void print_verdict(const char *shown, const struct seal *s) {
    if (!s->has_signature)
        printf("%s: ok (UNSIGNED: detects accidents, not forgery)\n", shown);
    else if (!s->signature_checked)
        printf("%s: ok, SIGNED by key %s, signature NOT CHECKED: name the key with --key\n", shown,
               s->key_id);
    else
        printf("%s: ok, SIGNED by key %s%s\n", shown, s->key_id,
               s->number > 0 ? "" : " with the stock tool: it states no digests of the content");
}

/* Puts the record's name before a complaint about its cells. */
static enum status check_cells(const struct tree *root, const char *shown) {
    struct cell *cells = NULL;
    size_t n = 0;
    const enum status st = cells_from_tree(root, &cells, &n);
    cells_free(cells, n);
    if (st == ST_OK)
        return ST_OK;
    char said[ESCAPE_LINE];
    escape_text(status_message(), said, sizeof said);
    return status_set(st, "%s: %s", shown, said);
}

/* What cannot be read is here no wrong input, but a record that does not hold. */
static enum status check_model(const struct model_record *m, const struct tree *root,
                               const char *shown) {
    const enum status st = m->check(root, shown);
    if (st != ST_INPUT)
        return st;
    char said[2 * ESCAPE_LINE];
    snprintf(said, sizeof said, "%s", status_message());
    return status_set(ST_RECORD, "%s", said);
}

/* One record: seal, bytes, content, and cells or a model's values that can be read.  *root: its
 * tree, or NULL. */
static enum status read_tree(const char *path, const struct options *o, struct seal *seal,
                             struct tree **root) {
    const struct record_trust trust = {
        .keys = o->keys, .key_count = o->key_count, .signed_only = o->key_count > 0};
    char shown[ESCAPE_LINE / 2];
    enum status st = record_read_trusting(path, &trust, root, seal);
    if (st != ST_OK)
        return st;
    escape_text(path, shown, sizeof shown);
    const struct model_record *m = model_record_of(*root);
    return m == NULL ? check_cells(*root, shown) : check_model(m, *root, shown);
}

static enum status read_whole(const char *path, const struct options *o, struct seal *seal) {
    struct tree *root = NULL;
    enum status st = read_tree(path, o, seal, &root);
    tree_free(root);
    return st;
}

static enum status rerun_cells(const struct tree *root, const char *shown) {
    const struct model_record *m = model_record_of(root);
    if (m == NULL)
        return rerun(root, shown, stdout);
    return status_set(ST_INPUT, "%s: no cells to run again (%s): verify it without --rerun", shown,
                      m->kind);
}

static enum status verify(const char *path, const struct options *o) {
    struct seal seal;
    struct tree *root = NULL;
    char shown[ESCAPE_LINE];
    escape_text(path, shown, sizeof shown);
    enum status st = read_tree(path, o, &seal, &root);
    if (st == ST_OK) {
        print_verdict(shown, &seal);
        if (o->verbose)
            print_seal(&seal);
        if (o->rerun)
            st = rerun_cells(root, shown);
    }
    tree_free(root);
    return st;
}

static enum status verify_records(char *const *paths, int count, const struct options *o) {
    int failed = 0;
    if (count == 1)
        return verify(paths[0], o);
    for (int i = 0; i < count; i++) {
        if (verify(paths[i], o) == ST_OK)
            continue;
        failed++;
        printf("FAILED %s\n", status_message());
    }
    if (failed == 0)
        return ST_OK;
    return status_set(ST_RECORD, "%d of %d records failed verification", failed, count);
}

/* --- chain ---------------------------------------------------------------------------------- */

static void print_fault(void *context, const char *line) {
    (void)context;
    printf("FAILED %s\n", line);
}

/* Verifies each record of the folder; those that hold stay in the chain.  Returns how many do not.
 */
static size_t verify_links(struct chain *c, const struct options *o) {
    size_t kept = 0, failed = 0;
    for (size_t i = 0; i < c->count; i++) {
        char path[PATH_MAX];
        struct chain_link *k = &c->links[i];
        snprintf(path, sizeof path, "%s/%s", o->chain, k->file);
        if (read_whole(path, o, &k->seal) == ST_OK) {
            c->links[kept++] = *k;
            continue;
        }
        print_fault(NULL, status_message());
        failed++;
    }
    c->count = kept;
    return failed;
}

static void print_chain(const struct chain *c) {
    for (size_t i = 0; i < c->count; i++) {
        const struct chain_link *k = &c->links[i];
        printf("%4llu  %s  %s\n", (unsigned long long)k->seal.number, k->seal.signature_digest,
               k->file);
    }
    printf("head  %s\n", chain_head(c)->seal.signature_digest);
}

/* The head found against the one noted elsewhere. */
static enum status check_head(const struct chain *c, const char *noted, const char *shown) {
    if (strcmp(chain_head(c)->seal.signature_digest, noted) == 0)
        return ST_OK;
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->links[i].seal.signature_digest, noted) == 0)
            return status_set(ST_RECORD,
                              "%s: the head noted is number %zu, and %zu records follow it: if "
                              "you sealed them, note the new head",
                              shown, i + 1, c->count - i - 1);
    }
    return status_set(ST_RECORD,
                      "%s: the head noted is not in this chain: the last record was removed, or "
                      "records were sealed anew",
                      shown);
}

static enum status verify_chain(const struct options *o) {
    struct chain c;
    char shown[ESCAPE_LINE];
    escape_text(o->chain, shown, sizeof shown);
    enum status st = chain_list(o->chain, &c);
    if (st != ST_OK)
        return st;
    if (c.count == 0)
        return status_set(ST_RECORD, "%s: no record (*.h5) in this folder", shown);
    size_t failed = verify_links(&c, o);
    failed += chain_check(&c, print_fault, NULL);
    if (failed > 0) {
        st = status_set(ST_RECORD, "%s: the chain is broken: %zu faults", shown, failed);
    } else {
        print_chain(&c);
        st = o->head != NULL ? check_head(&c, o->head, shown) : ST_OK;
    }
    chain_free(&c);
    return st;
}

enum status args_verify(int argc, char **argv) {
    struct options o = {0};
    return read_options(argc, argv, &o);
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
    if (o.chain != NULL)
        st = verify_chain(&o);
    else
        st = verify_records(argv + optind, argc - optind, &o);
    if (fflush(stdout) != 0 || ferror(stdout))
        return status_set(ST_SYSTEM, "cannot write to standard output: %s", strerror(errno));
    return st;
}
