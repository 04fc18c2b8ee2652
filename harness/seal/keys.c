/* Key files: read with care for who else may read them, never overwritten. */
#include "keys.h"

#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../base/escape.h"
#include "seal_files.h"

struct pair {
    char public[PATH_MAX], secret[PATH_MAX];
};

static enum status make_pair(const char *name, struct pair *p) {
    int length = snprintf(p->public, sizeof p->public, "%s.pub", name);
    snprintf(p->secret, sizeof p->secret, "%s.key", name);
    if (length > 0 && (size_t)length < sizeof p->public)
        return ST_OK;
    return status_set(ST_INPUT, "the name of the key is too long");
}

enum status keys_read_public(const char *path, struct minisign_public *key) {
    const struct file_rule rule = {MINISIGN_FILE_MAX, 0, ST_INPUT};
    char *text, shown[ESCAPE_LINE];
    size_t size;
    escape_text(path, shown, sizeof shown);
    enum status st = file_read(path, &rule, &text, &size);
    if (st == ST_OK)
        st = minisign_public_parse(text, size, shown, key);
    free(text);
    return st;
}

enum status keys_read_locked(const char *path, struct minisign_locked *key) {
    const struct file_rule rule = {MINISIGN_FILE_MAX, S_IRWXG | S_IRWXO, ST_INPUT};
    char *text, shown[ESCAPE_LINE];
    size_t size;
    escape_text(path, shown, sizeof shown);
    enum status st = file_read(path, &rule, &text, &size);
    if (st != ST_OK)
        return st;
    st = minisign_locked_parse(text, size, shown, key);
    sodium_memzero(text, size); /* it may have turned out not to be encrypted */
    free(text);
    return st;
}

static enum status refuse_existing(const char *path) {
    if (!file_exists(path))
        return ST_OK;
    char shown[ESCAPE_LINE];
    escape_text(path, shown, sizeof shown);
    return status_set(ST_INPUT, "%s: there already: a key is never overwritten", shown);
}

enum status keys_check_free(const char *name) {
    struct pair p;
    enum status st = make_pair(name, &p);
    if (st == ST_OK)
        st = refuse_existing(p.secret);
    if (st == ST_OK)
        st = refuse_existing(p.public);
    return st;
}

enum status keys_write(const char *name, const struct minisign_public *public_key,
                       const struct minisign_locked *locked) {
    struct pair p;
    char text[MINISIGN_FILE_MAX];
    enum status st = make_pair(name, &p);
    if (st != ST_OK)
        return st;
    st = file_write_new(p.secret, 0600, text, minisign_locked_format(locked, text));
    if (st != ST_OK)
        return st;
    st = file_write_new(p.public, 0644, text, minisign_public_format(public_key, text));
    if (st != ST_OK)
        unlink(p.secret);
    else
        file_sync_folder(p.secret);
    return st;
}
