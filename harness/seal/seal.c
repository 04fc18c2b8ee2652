/* Records in files: written with a seal beside them, read after their seal has been compared. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/escape.h"
#include "../record/journal.h"
#include "seal.h"
#include "seal_files.h"

/* The names that reading and writing a record touch. */
struct paths {
    char record[PATH_MAX], seal[PATH_MAX], signature[PATH_MAX];
    char new_record[PATH_MAX], new_seal[PATH_MAX];
};

static enum status make_paths(const char *path, struct paths *p) {
    /* Fixed names, so that what a killed process left is found and replaced by the next. */
    int longest = snprintf(p->new_seal, PATH_MAX, "%s.seal.tmp", path);
    snprintf(p->new_record, PATH_MAX, "%s.tmp", path);
    snprintf(p->seal, PATH_MAX, "%s.seal", path);
    snprintf(p->signature, PATH_MAX, "%s.minisig", path);
    snprintf(p->record, PATH_MAX, "%s", path);
    if (longest > 0 && longest < PATH_MAX)
        return ST_OK;
    return status_set(ST_INPUT, "the path of the record is too long");
}

/* Order: old seal away, record in, seal in.  Whatever moment a crash picks, the names hold a record
 * without a seal, or one whose seal is its own. */
static enum status publish(const struct paths *p) {
    char shown[ESCAPE_LINE];
    escape_text(p->record, shown, sizeof shown);
    if (unlink(p->seal) != 0 && errno != ENOENT)
        return status_set(ST_SYSTEM, "%s.seal: cannot replace: %s", shown, strerror(errno));
    if (rename(p->new_record, p->record) != 0)
        return status_set(ST_SYSTEM, "%s: cannot move into place: %s", shown, strerror(errno));
    if (rename(p->new_seal, p->seal) != 0) {
        int error = errno;
        unlink(p->record);
        return status_set(ST_SYSTEM, "%s.seal: cannot move into place: %s", shown, strerror(error));
    }
    file_sync_folder(p->record);
    return ST_OK;
}

static enum status write_pair(const struct paths *p, const void *bytes, const struct seal *seal) {
    char text[SEAL_MAX_BYTES];
    size_t length = seal_format(seal, text);
    unlink(p->new_record);
    unlink(p->new_seal);
    enum status st = file_write_new(p->new_record, 0666, bytes, (size_t)seal->size);
    if (st == ST_OK)
        st = file_write_new(p->new_seal, 0666, text, length);
    if (st == ST_OK)
        st = publish(p);
    if (st != ST_OK) {
        unlink(p->new_record);
        unlink(p->new_seal);
    }
    return st;
}

enum status record_check_free(const char *path) {
    struct paths p;
    enum status st = make_paths(path, &p);
    if (st != ST_OK || !file_exists(p.signature))
        return st;
    char shown[ESCAPE_LINE];
    escape_text(path, shown, sizeof shown);
    return status_set(ST_INPUT, "%s: signed, not to be overwritten: choose another name", shown);
}

enum status record_write(const struct tree *root, const char *path, struct seal *seal) {
    struct paths p;
    void *bytes = NULL;
    size_t size = 0;
    struct seal made;
    enum status st = make_paths(path, &p);
    if (st == ST_OK)
        st = record_check_free(path);
    if (st == ST_OK)
        st = record_encode(root, &bytes, &size);
    if (st == ST_OK)
        st = seal_make(root, bytes, size, path, &made);
    if (st == ST_OK)
        st = write_pair(&p, bytes, &made);
    if (st == ST_OK && seal != NULL)
        *seal = made;
    free(bytes);
    return st;
}

/* --- reading -------------------------------------------------------------------------------- */

/* What stands beside a record. */
struct claims {
    struct seal seal;
    bool digests; /* the digests of the seal are stated; otherwise they come from the content */
};

/* Reads PATH.seal. */
static enum status read_text_seal(const struct paths *p, struct claims *c) {
    const struct file_rule rule = {SEAL_MAX_BYTES, 0, ST_RECORD};
    char *text;
    size_t size;
    enum status st = file_read(p->seal, &rule, &text, &size);
    if (st == ST_OK)
        st = seal_parse(text, size, p->seal, &c->seal);
    free(text);
    c->digests = st == ST_OK;
    return st;
}

/* The signature over the bytes and the one over the comment, with the key that it names. */
static enum status check_signature(const struct minisign_signature *s,
                                   const struct record_trust *trust, const char *shown,
                                   const char *bytes, size_t size) {
    char id[MINISIGN_ID_HEX];
    minisign_id_text(s->id, id);
    const struct minisign_public *key = NULL;
    for (size_t i = 0; i < trust->key_count && key == NULL; i++)
        key = memcmp(trust->keys[i].id, s->id, MINISIGN_ID) == 0 ? &trust->keys[i] : NULL;
    if (key == NULL)
        return status_set(ST_RECORD, "%s: signed by key %s, which was not named", shown, id);
    unsigned char hash[MINISIGN_HASH_BYTES];
    minisign_hash(bytes, size, hash);
    if (!minisign_file_ok(key, hash, s))
        return status_set(ST_RECORD,
                          "%s: key %s did not sign these bytes: changed since they were signed, "
                          "or forged",
                          shown, id);
    if (!minisign_comment_ok(key, s))
        return status_set(ST_RECORD, "%s: key %s did not sign the trusted comment of its signature",
                          shown, id);
    return ST_OK;
}

/* What a signature's comments say; nothing, if the stock tool wrote them. */
static enum status read_comments(const struct minisign_signature *s, const struct paths *p,
                                 struct claims *c) {
    char id[MINISIGN_ID_HEX], expected[MINISIGN_COMMENT], shown[ESCAPE_LINE];
    if (!seal_comment_is_ours(s->trusted))
        return ST_OK;
    c->digests = true;
    minisign_id_text(s->id, id);
    seal_untrusted(id, expected);
    escape_text(p->signature, shown, sizeof shown);
    if (strcmp(expected, s->untrusted) != 0)
        return status_set(ST_RECORD, "%s: its untrusted comment is not the one of a seal", shown);
    return seal_comment_parse(s->trusted, p->signature, &c->seal);
}

/* Reads PATH.minisig.  A signature of the stock tool states no digests; PATH.seal beside it may. */
static enum status read_signature(const struct paths *p, struct minisign_signature *s,
                                  struct claims *c) {
    const struct file_rule rule = {MINISIGN_FILE_MAX, 0, ST_RECORD};
    char *text, shown[ESCAPE_LINE];
    size_t size;
    escape_text(p->signature, shown, sizeof shown);
    enum status st = file_read(p->signature, &rule, &text, &size);
    if (st == ST_OK)
        st = minisign_signature_parse(text, size, shown, s);
    if (st == ST_OK)
        st = read_comments(s, p, c);
    if (st == ST_OK && !c->digests && file_exists(p->seal))
        st = read_text_seal(p, c);
    if (st == ST_OK) {
        c->seal.has_signature = true;
        minisign_id_text(s->id, c->seal.key_id);
        digest_hex(text, size, c->seal.signature_digest);
    }
    free(text);
    /* A signature that is there and cannot be read is no record's seal. */
    return st == ST_INPUT ? ST_RECORD : st;
}

enum status seal_read_signature(const char *path, const struct minisign_public *key,
                                struct seal *seal) {
    struct paths p;
    struct minisign_signature s;
    struct claims c = {0};
    memset(seal, 0, sizeof *seal);
    enum status st = make_paths(path, &p);
    if (st != ST_OK || !file_exists(p.signature))
        return st;
    st = read_signature(&p, &s, &c);
    if (st == ST_OK && memcmp(s.id, key->id, MINISIGN_ID) == 0 && !minisign_comment_ok(key, &s)) {
        char shown[ESCAPE_LINE];
        escape_text(p.signature, shown, sizeof shown);
        st = status_set(ST_RECORD, "%s: forged: key %s did not sign its trusted comment", shown,
                        c.seal.key_id);
    }
    *seal = c.seal;
    return st;
}

/* Bytes against the digest that the seal states. */
static enum status check_bytes(const struct seal *said, const char *shown, const char *bytes,
                               size_t size) {
    char digest[DIGEST_HEX];
    digest_hex(bytes, size, digest);
    if (size != said->size)
        return status_set(ST_RECORD,
                          "%s: %zu bytes, its seal says %llu: changed since it was "
                          "sealed",
                          shown, size, (unsigned long long)said->size);
    if (strcmp(digest, said->file_digest) != 0)
        return status_set(ST_RECORD,
                          "%s: its bytes do not match its seal: changed since it was "
                          "sealed",
                          shown);
    return ST_OK;
}

/* All that can be said of the bytes before they are parsed, for a record with a signature. */
static enum status check_signed(const struct paths *p, const struct record_trust *trust,
                                const char *shown, const char *bytes, size_t size,
                                struct claims *c) {
    struct minisign_signature s;
    enum status st = read_signature(p, &s, c);
    if (st == ST_OK && !c->digests && trust->key_count == 0)
        st = status_set(ST_RECORD,
                        "%s: signed by key %s with the stock tool, which states no digests: name "
                        "the public key with attest verify --key",
                        shown, c->seal.key_id);
    if (st == ST_OK && c->digests)
        st = check_bytes(&c->seal, shown, bytes, size);
    if (st == ST_OK && trust->key_count > 0)
        st = check_signature(&s, trust, shown, bytes, size);
    c->seal.signature_checked = st == ST_OK && trust->key_count > 0;
    return st;
}

/* The same for any record. */
static enum status check_seal(const struct paths *p, const struct record_trust *trust,
                              const char *shown, const char *bytes, size_t size, struct claims *c) {
    if (file_exists(p->signature))
        return check_signed(p, trust, shown, bytes, size, c);
    if (trust->signed_only)
        return status_set(ST_RECORD, "%s: not signed: there is no %s.minisig", shown, shown);
    if (!file_exists(p->seal)) {
        if (trust->unsealed_too)
            return ST_OK;
        return status_set(ST_RECORD, "%s: not sealed: there is no readable %s.seal", shown, shown);
    }
    enum status st = read_text_seal(p, c);
    if (st == ST_INPUT)
        return status_set(ST_RECORD, "%s: not sealed: there is no readable %s.seal", shown, shown);
    if (st == ST_OK)
        st = check_bytes(&c->seal, shown, bytes, size);
    return st;
}

/* Compares what the bytes turned out to hold with what the seal says; `shown` is escaped. */
static enum status compare_content(const struct seal *said, const struct seal *found,
                                   const char *shown) {
    const struct {
        const char *what, *a, *b;
    } pairs[] = {
        {"content digest", said->content_digest, found->content_digest},
        {"plan digest", said->plan_digest, found->plan_digest},
        {"outputs digest", said->outputs_digest, found->outputs_digest},
        {"measurements digest", said->measurements_digest, found->measurements_digest},
        {"start time", said->started, found->started},
        {"suite commit", said->suite_commit, found->suite_commit},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (strcmp(pairs[i].a, pairs[i].b) != 0)
            return status_set(ST_RECORD, "%s: its %s is not the one in its seal", shown,
                              pairs[i].what);
    }
    return ST_OK;
}

/* Takes the digests of the content where no seal states them. */
static void adopt_content(struct seal *said, const struct seal *found) {
    struct seal merged = *found;
    /* What the library's version was when the file was written, nothing here knows. */
    snprintf(merged.hdf5_version, sizeof merged.hdf5_version, "unknown");
    merged.has_signature = said->has_signature;
    merged.signature_checked = said->signature_checked;
    memcpy(merged.key_id, said->key_id, sizeof merged.key_id);
    memcpy(merged.signature_digest, said->signature_digest, sizeof merged.signature_digest);
    *said = merged;
}

/* Bytes against seal, then content against seal. */
static enum status check_record(const struct paths *p, const struct record_trust *trust,
                                const char *bytes, size_t size, struct claims *c,
                                struct tree **root) {
    const char *path = p->record;
    char shown[ESCAPE_LINE];
    escape_text(path, shown, sizeof shown);
    enum status st = check_seal(p, trust, shown, bytes, size, c);
    if (st != ST_OK)
        return st;
    st = record_decode_contained(bytes, size, path, root);
    struct seal found;
    if (st == ST_OK)
        st = seal_make(*root, bytes, size, path, &found);
    if (st == ST_OK && c->digests)
        st = compare_content(&c->seal, &found, shown);
    if (st == ST_OK && !c->digests)
        adopt_content(&c->seal, &found);
    return st;
}

/* The journal of an unfinished run, taken for a record. */
static enum status refuse_journal(const char *path) {
    char shown[ESCAPE_LINE];
    escape_text(path, shown, sizeof shown);
    return status_set(ST_RECORD, "%s: an unfinished run and no record; attest run --resume ends it",
                      shown);
}

enum status record_read_trusting(const char *path, const struct record_trust *trust,
                                 struct tree **root, struct seal *seal) {
    const struct file_rule rule = {RECORD_MAX_BYTES, 0, ST_RECORD};
    struct paths p;
    struct claims c = {0};
    char *bytes = NULL;
    size_t size = 0;
    *root = NULL;
    enum status st = make_paths(path, &p);
    if (st == ST_OK)
        st = file_read(path, &rule, &bytes, &size);
    if (st == ST_OK && journal_is(bytes, size))
        st = refuse_journal(path);
    if (st == ST_OK)
        st = check_record(&p, trust, bytes, size, &c, root);
    free(bytes);
    if (st != ST_OK) {
        tree_free(*root);
        *root = NULL;
        return st;
    }
    if (seal != NULL)
        *seal = c.seal;
    return ST_OK;
}

enum status record_read(const char *path, struct tree **root, struct seal *seal) {
    static const struct record_trust anyone = {0};
    return record_read_trusting(path, &anyone, root, seal);
}
