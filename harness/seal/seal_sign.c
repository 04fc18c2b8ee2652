/* Sealing of records that exist already. */
#include "seal_sign.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "chain.h"
#include "../base/escape.h"
#include "seal.h"
#include "seal_files.h"

/* The seal that a record has or, without one, the digests of its content. */
static enum status examine(const char *path, const struct minisign_public *key,
                           struct seal *found) {
    const struct record_trust trust = {
        .keys = key, .key_count = key != NULL ? 1 : 0, .unsealed_too = true};
    struct tree *root = NULL;
    enum status st = record_read_trusting(path, &trust, &root, found);
    tree_free(root);
    return st;
}

/* PATH with an ending, and the temporary name of that. */
struct target {
    char file[PATH_MAX], temporary[PATH_MAX];
};

static enum status make_target(const char *path, const char *ending, struct target *t) {
    snprintf(t->file, sizeof t->file, "%s%s", path, ending);
    int length = snprintf(t->temporary, sizeof t->temporary, "%s%s.tmp", path, ending);
    if (length > 0 && (size_t)length < sizeof t->temporary)
        return ST_OK;
    return status_set(ST_INPUT, "the path of the record is too long");
}

static enum status write_temporary(const struct target *t, const char *text, size_t size) {
    unlink(t->temporary); /* left by a killed process */
    return file_write_new(t->temporary, 0666, text, size);
}

static enum status publish(const struct target *t) {
    if (rename(t->temporary, t->file) == 0)
        return ST_OK;
    int error = errno;
    char shown[ESCAPE_LINE];
    escape_text(t->file, shown, sizeof shown);
    unlink(t->temporary);
    return status_set(ST_SYSTEM, "%s: cannot move into place: %s", shown, strerror(error));
}

enum status seal_unsigned(const char *path, struct seal *made) {
    struct target t;
    char text[SEAL_MAX_BYTES];
    enum status st = make_target(path, ".seal", &t);
    if (st == ST_OK)
        st = examine(path, NULL, made);
    if (st == ST_OK && made->has_signature) {
        char shown[ESCAPE_LINE];
        escape_text(path, shown, sizeof shown);
        st = status_set(ST_INPUT,
                        "%s: signed by key %s: an unsigned seal would say less; name a "
                        "key with --key to sign it anew",
                        shown, made->key_id);
    }
    if (st == ST_OK)
        st = write_temporary(&t, text, seal_format(made, text));
    if (st == ST_OK)
        st = publish(&t);
    if (st == ST_OK)
        file_sync_folder(path);
    return st;
}

/* --- signing -------------------------------------------------------------------------------- */

/* One call of seal_signed. */
struct signing {
    char *const *paths;
    size_t count, written; /* how many temporary files there are */
    const struct minisign_secret *secret;
    struct minisign_public key;
    struct seal *made;
};

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* The folder of a path, with its last slash; "./" for none. */
static enum status folder_of(const char *path, char folder[PATH_MAX]) {
    size_t length = (size_t)(base_name(path) - path);
    if (length >= PATH_MAX)
        return status_set(ST_INPUT, "the path of the record is too long");
    memcpy(folder, path, length);
    folder[length] = '\0';
    if (length == 0)
        memcpy(folder, "./", 3);
    return ST_OK;
}

static enum status check_paths(const struct signing *s) {
    char folder[PATH_MAX], shown[ESCAPE_LINE];
    struct stat first, other;
    for (size_t i = 0; i < s->count; i++) {
        enum status st = folder_of(s->paths[i], folder);
        if (st != ST_OK)
            return st;
        escape_text(s->paths[i], shown, sizeof shown);
        if (stat(folder, i == 0 ? &first : &other) != 0)
            return status_set(ST_INPUT, "%s: cannot examine its folder: %s", shown,
                              strerror(errno));
        if (i > 0 && (first.st_dev != other.st_dev || first.st_ino != other.st_ino))
            return status_set(ST_INPUT,
                              "%s: in another folder than the first: a chain is of one "
                              "folder, seal it on its own",
                              shown);
        for (size_t j = 0; j < i; j++) {
            if (strcmp(base_name(s->paths[i]), base_name(s->paths[j])) == 0)
                return status_set(ST_INPUT, "%s: named twice", shown);
        }
    }
    return ST_OK;
}

/* --- the place in the chain ----------------------------------------------------------------- */

static bool is_sealed_now(const struct signing *s, const char *file) {
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(base_name(s->paths[i]), file) == 0)
            return true;
    }
    return false;
}

/* Nothing that stays may link to a seal that is about to change. */
static enum status check_link(const struct signing *s, const struct chain_link *k) {
    for (size_t i = 0; i < s->count; i++) {
        const struct seal *old = &s->made[i];
        if (!old->has_signature || strcmp(old->signature_digest, k->seal.previous) != 0)
            continue;
        char a[ESCAPE_LINE / 2], b[ESCAPE_LINE / 2];
        escape_text(base_name(s->paths[i]), a, sizeof a);
        escape_text(k->file, b, sizeof b);
        return status_set(ST_INPUT,
                          "%s: %s links to its seal: seal that one and all after it "
                          "anew too, in one call",
                          a, b);
    }
    return ST_OK;
}

/* Keeps of the folder's names those that are signed, have a place, and stay as they are. */
static enum status read_others(const struct signing *s, const char *folder, struct chain *c) {
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        struct chain_link *k = &c->links[i];
        char path[PATH_MAX];
        if (is_sealed_now(s, k->file))
            continue;
        int length = snprintf(path, sizeof path, "%s%s", folder, k->file);
        if (length < 0 || (size_t)length >= sizeof path)
            return status_set(ST_INPUT, "the path of a record is too long");
        enum status st = seal_read_signature(path, &s->key, &k->seal);
        if (st == ST_OK && k->seal.number > 0)
            st = check_link(s, k);
        if (st != ST_OK)
            return st;
        if (k->seal.number > 0)
            c->links[kept++] = *k;
    }
    c->count = kept;
    return ST_OK;
}

/* Keeps the first fault. */
static void keep_first(void *context, const char *line) {
    char *first = context;
    if (first[0] == '\0')
        snprintf(first, 2 * ESCAPE_LINE, "%s", line);
}

/* Number and digest of the seal to link to; 0 and "" in a folder without any. */
static enum status find_head(const struct signing *s, uint64_t *number, char digest[DIGEST_HEX]) {
    char folder[PATH_MAX], fault[2 * ESCAPE_LINE] = "";
    struct chain c = {0};
    enum status st = folder_of(s->paths[0], folder);
    if (st == ST_OK)
        st = chain_list(folder, &c);
    if (st == ST_OK)
        st = read_others(s, folder, &c);
    if (st == ST_OK && chain_check(&c, keep_first, fault) > 0)
        st = status_set(ST_RECORD,
                        "the folder's chain is broken: %s; attest verify --chain tells "
                        "more, sealing all records in one call makes a new one",
                        fault);
    const struct chain_link *head = st == ST_OK ? chain_head(&c) : NULL;
    *number = head != NULL ? head->seal.number : 0;
    snprintf(digest, DIGEST_HEX, "%s", head != NULL ? head->seal.signature_digest : "");
    chain_free(&c);
    return st;
}

/* --- writing -------------------------------------------------------------------------------- */

/* Hashes the record for its signature, and makes sure that the bytes are still those examined. */
static enum status hash_again(const char *path, const struct seal *s,
                              unsigned char hash[MINISIGN_HASH_BYTES]) {
    const struct file_rule rule = {RECORD_MAX_BYTES, 0, ST_RECORD};
    char *bytes, digest[DIGEST_HEX], shown[ESCAPE_LINE];
    size_t size;
    enum status st = file_read(path, &rule, &bytes, &size);
    if (st != ST_OK)
        return st;
    digest_hex(bytes, size, digest);
    minisign_hash(bytes, size, hash);
    free(bytes);
    if (strcmp(digest, s->file_digest) == 0)
        return ST_OK;
    escape_text(path, shown, sizeof shown);
    return status_set(ST_RECORD, "%s: changed while it was being sealed", shown);
}

/* Signs one record under a temporary name; s holds its digests and its place. */
static enum status sign_one(const struct signing *g, const char *path, struct seal *s) {
    struct target t;
    struct minisign_signature signature;
    unsigned char hash[MINISIGN_HASH_BYTES];
    char trusted[MINISIGN_TRUSTED], untrusted[MINISIGN_COMMENT], text[MINISIGN_FILE_MAX];
    char shown[ESCAPE_LINE];
    escape_text(path, shown, sizeof shown);
    enum status st = make_target(path, ".minisig", &t);
    if (st == ST_OK)
        st = seal_comment_format(s, shown, trusted);
    if (st == ST_OK)
        st = hash_again(path, s, hash);
    if (st != ST_OK)
        return st;
    seal_untrusted(s->key_id, untrusted);
    minisign_sign(g->secret, hash, untrusted, trusted, &signature);
    size_t size = minisign_signature_format(&signature, text);
    digest_hex(text, size, s->signature_digest);
    return write_temporary(&t, text, size);
}

/* Signs all, each linked to the one before. */
static enum status sign_all(struct signing *g, uint64_t number, const char *previous) {
    for (size_t i = 0; i < g->count; i++) {
        struct seal *s = &g->made[i];
        const char *name = base_name(g->paths[i]);
        if (strlen(name) > NAME_MAX)
            return status_set(ST_INPUT, "the name of the record is too long");
        s->has_signature = s->signature_checked = true;
        minisign_id_text(g->key.id, s->key_id);
        s->number = number + i + 1;
        memcpy(s->previous, previous, strlen(previous) + 1);
        memcpy(s->name, name, strlen(name) + 1);
        enum status st = sign_one(g, g->paths[i], s);
        if (st != ST_OK)
            return st;
        g->written++;
        previous = s->signature_digest;
    }
    return ST_OK;
}

/* Signatures in, then unsigned seals away: whatever moment a crash picks, every record has one. */
static enum status publish_all(const struct signing *g) {
    struct target t;
    enum status st = ST_OK;
    for (size_t i = 0; i < g->count && st == ST_OK; i++) {
        st = make_target(g->paths[i], ".minisig", &t);
        if (st == ST_OK)
            st = publish(&t);
    }
    file_sync_folder(g->paths[0]);
    for (size_t i = 0; i < g->count && st == ST_OK; i++) {
        st = make_target(g->paths[i], ".seal", &t);
        /* One that stays is not read beside a signature of ours. */
        if (st == ST_OK)
            (void)unlink(t.file);
    }
    return st;
}

static void remove_temporaries(const struct signing *g) {
    struct target t;
    for (size_t i = 0; i < g->written; i++) {
        if (make_target(g->paths[i], ".minisig", &t) == ST_OK)
            unlink(t.temporary);
    }
}

static enum status sign_folder(struct signing *g) {
    uint64_t number = 0;
    char previous[DIGEST_HEX] = "", said[1024];
    enum status st = ST_OK;
    for (size_t i = 0; i < g->count && st == ST_OK; i++)
        st = examine(g->paths[i], &g->key, &g->made[i]);
    if (st == ST_OK)
        st = find_head(g, &number, previous);
    if (st == ST_OK)
        st = sign_all(g, number, previous);
    if (st == ST_OK)
        st = publish_all(g);
    if (st == ST_OK)
        return st;
    snprintf(said, sizeof said, "%s", status_message());
    remove_temporaries(g);
    return status_set(st, "%s", said);
}

/* Two calls at once would fork the chain: the folder is locked.  -1 where that cannot be done. */
static int lock_folder(const char *path) {
    char folder[PATH_MAX];
    int fd =
        folder_of(path, folder) != ST_OK ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX) != 0 && errno == EINTR)
        continue;
    return fd;
}

enum status seal_signed(char *const *paths, size_t count, const struct minisign_secret *secret,
                        struct seal *made) {
    struct signing g = {.paths = paths, .count = count, .secret = secret, .made = made};
    minisign_public_of(secret, &g.key);
    enum status st = check_paths(&g);
    if (st != ST_OK)
        return st;
    int lock = lock_folder(paths[0]);
    st = sign_folder(&g);
    if (lock >= 0)
        close(lock);
    return st;
}
