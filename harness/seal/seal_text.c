/* The unsigned seal, a text file, and the making of a seal from a record's tree. */
#include "seal.h"

#include <stdio.h>
#include <string.h>

#include "../base/escape.h"
#include "seal_fields.h"

static const char SEAL_FORMAT[] = "attest-seal-1";
static const char SEAL_NOTE[] = "UNSIGNED: detects accidents, not forgery";

/* Sorted by key. */
static const struct seal_field fields[] = {
    SEAL_MEMBER("content_digest", SEAL_DIGEST, content_digest),
    SEAL_MEMBER("file_digest", SEAL_DIGEST, file_digest),
    {"format", SEAL_FIXED, 0, 0, SEAL_FORMAT},
    SEAL_MEMBER("hdf5", SEAL_TOKEN, hdf5_version),
    SEAL_MEMBER("measurements_digest", SEAL_DIGEST, measurements_digest),
    {"note", SEAL_FIXED, 0, 0, SEAL_NOTE},
    SEAL_MEMBER("outputs_digest", SEAL_DIGEST, outputs_digest),
    SEAL_MEMBER("plan_digest", SEAL_DIGEST, plan_digest),
    SEAL_MEMBER("size", SEAL_NUMBER, size),
    SEAL_MEMBER("started", SEAL_TOKEN, started),
    SEAL_MEMBER("suite_commit", SEAL_TOKEN, suite_commit)};

static const struct seal_form form = {"seal line", fields, sizeof fields / sizeof fields[0]};

size_t seal_format(const struct seal *s, char text[SEAL_MAX_BYTES]) {
    int n = snprintf(text, SEAL_MAX_BYTES,
                     "content_digest: %s\nfile_digest: %s\nformat: %s\nhdf5: %s\n"
                     "measurements_digest: %s\nnote: %s\noutputs_digest: %s\nplan_digest: %s\n"
                     "size: %llu\nstarted: %s\nsuite_commit: %s\n",
                     s->content_digest, s->file_digest, SEAL_FORMAT, s->hdf5_version,
                     s->measurements_digest, SEAL_NOTE, s->outputs_digest, s->plan_digest,
                     (unsigned long long)s->size, s->started, s->suite_commit);
    return (size_t)n;
}

/* Reads one line of `length` bytes, without its LF. */
static enum status parse_line(const char *start, size_t length, size_t index, const char *label,
                              struct seal *s) {
    char line[256];
    if (length >= sizeof line)
        return status_set(ST_RECORD, "%s: seal line %zu is too long", label, index + 1);
    memcpy(line, start, length);
    line[length] = '\0';
    for (size_t i = 0; i < length; i++) {
        if (line[i] < 0x20 || line[i] > 0x7E)
            return status_set(ST_RECORD, "%s: seal line %zu holds byte 0x%02x: only LF and ASCII",
                              label, index + 1, (unsigned)(unsigned char)line[i]);
    }
    return seal_field_read(&form, index, line, ": ", label, s);
}

enum status seal_parse(const char *text, size_t size, const char *label, struct seal *seal) {
    char shown[ESCAPE_LINE];
    escape_text(label, shown, sizeof shown);
    memset(seal, 0, sizeof *seal);
    size_t at = 0;
    for (size_t i = 0; i < form.count; i++) {
        const char *end = memchr(text + at, '\n', size - at);
        if (end == NULL)
            return status_set(ST_RECORD, "%s: seal ends before its line %zu (%s) does", shown,
                              i + 1, fields[i].key);
        size_t length = (size_t)(end - (text + at));
        enum status st = parse_line(text + at, length, i, shown, seal);
        if (st != ST_OK)
            return st;
        at += length + 1;
    }
    if (at != size)
        return status_set(ST_RECORD, "%s: %zu bytes after the seal", shown, size - at);
    return ST_OK;
}

/* Digest of a part that every complete record has. */
static enum status part_digest(const struct tree *root, const char *part, const char *label,
                               char digest[DIGEST_HEX]) {
    const struct tree *t = tree_find(root, part);
    if (t == NULL || !t->is_group)
        return status_set(ST_RECORD, "%s: no group %s: not a complete record", label, part);
    tree_digest(t, digest);
    return ST_OK;
}

/* A short text attribute as it stands in the seal; "unknown" when the record has none. */
static enum status seal_text(const struct tree *node, const char *name, const char *label,
                             char *out, size_t size) {
    const char *text = tree_get_string(node, name);
    if (text == NULL)
        text = "unknown";
    if (!seal_is_token(text, size))
        return status_set(ST_RECORD, "%s: attribute %s does not fit a seal", label, name);
    memcpy(out, text, strlen(text) + 1);
    return ST_OK;
}

enum status seal_make(const struct tree *root, const void *bytes, size_t size, const char *label,
                      struct seal *seal) {
    memset(seal, 0, sizeof *seal);
    char shown[ESCAPE_LINE];
    escape_text(label, shown, sizeof shown);
    seal->size = size;
    digest_hex(bytes, size, seal->file_digest);
    tree_digest(root, seal->content_digest);
    record_hdf5_version(seal->hdf5_version, sizeof seal->hdf5_version);
    enum status st = part_digest(root, "plan", shown, seal->plan_digest);
    if (st == ST_OK)
        st = part_digest(root, "outputs", shown, seal->outputs_digest);
    if (st == ST_OK)
        st = part_digest(root, "measurements", shown, seal->measurements_digest);
    if (st == ST_OK)
        st = seal_text(tree_find(root, "measurements"), "started", shown, seal->started,
                       sizeof seal->started);
    if (st == ST_OK)
        st = seal_text(tree_find(root, "measurements/environment"), "suite_commit", shown,
                       seal->suite_commit, sizeof seal->suite_commit);
    return st;
}
