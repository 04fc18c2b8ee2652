/* The signed form of a seal: a trusted comment. */
#include "seal.h"

#include <stdio.h>
#include <string.h>

#include "../base/escape.h"
#include "seal_fields.h"

static const char FORMAT[] = "attest-seal-2 ";

static const struct seal_field fields[] = {
    SEAL_MEMBER("name", SEAL_TOKEN, name),
    SEAL_MEMBER("number", SEAL_NUMBER, number),
    SEAL_MEMBER("previous", SEAL_LINK, previous),
    SEAL_MEMBER("file", SEAL_DIGEST, file_digest),
    SEAL_MEMBER("size", SEAL_NUMBER, size),
    SEAL_MEMBER("content", SEAL_DIGEST, content_digest),
    SEAL_MEMBER("plan", SEAL_DIGEST, plan_digest),
    SEAL_MEMBER("outputs", SEAL_DIGEST, outputs_digest),
    SEAL_MEMBER("measurements", SEAL_DIGEST, measurements_digest),
    SEAL_MEMBER("started", SEAL_TOKEN, started),
    SEAL_MEMBER("commit", SEAL_TOKEN, suite_commit),
    SEAL_MEMBER("hdf5", SEAL_TOKEN, hdf5_version)};

static const struct seal_form form = {"trusted comment, field", fields,
                                      sizeof fields / sizeof fields[0]};

/* A chain holds files named *.h5: a signed record of another name would stand outside of it. */
static bool is_record_name(const char *name) {
    size_t length = strlen(name);
    return seal_is_token(name, NAME_MAX + 1) && length > 3 && strcmp(name + length - 3, ".h5") == 0;
}

enum status seal_comment_format(const struct seal *s, const char *label,
                                char text[MINISIGN_TRUSTED]) {
    if (!is_record_name(s->name))
        return status_set(ST_INPUT,
                          "%s: a signed record is named in its seal: only letters, digits and "
                          "._+:- and .h5 at the end",
                          label);
    snprintf(text, MINISIGN_TRUSTED,
             "%sname=%s number=%llu previous=%s file=%s size=%llu content=%s plan=%s outputs=%s "
             "measurements=%s started=%s commit=%s hdf5=%s",
             FORMAT, s->name, (unsigned long long)s->number,
             s->previous[0] != '\0' ? s->previous : "none", s->file_digest,
             (unsigned long long)s->size, s->content_digest, s->plan_digest, s->outputs_digest,
             s->measurements_digest, s->started, s->suite_commit, s->hdf5_version);
    return ST_OK;
}

bool seal_comment_is_ours(const char *text) {
    return strncmp(text, FORMAT, sizeof FORMAT - 1) == 0;
}

/* Only the first has none before it. */
static enum status check_place(const struct seal *s, const char *label) {
    if (!is_record_name(s->name))
        return status_set(ST_RECORD, "%s: trusted comment: the name does not end in .h5", label);
    if ((s->number == 1) == (s->previous[0] == '\0') && s->number != 0)
        return ST_OK;
    return status_set(ST_RECORD, "%s: trusted comment: number %llu with previous=%s", label,
                      (unsigned long long)s->number, s->previous[0] != '\0' ? s->previous : "none");
}

enum status seal_comment_parse(const char *text, const char *label, struct seal *seal) {
    char shown[ESCAPE_LINE], field[512];
    escape_text(label, shown, sizeof shown);
    memset(seal, 0, sizeof *seal);
    if (!seal_comment_is_ours(text))
        return status_set(ST_RECORD, "%s: not the trusted comment of a seal", shown);
    text += sizeof FORMAT - 1;
    for (size_t i = 0; i < form.count; i++) {
        size_t length = strcspn(text, " ");
        if (length == 0 || length >= sizeof field)
            return status_set(ST_RECORD, "%s: trusted comment: field %zu (%s) is %s", shown, i + 1,
                              fields[i].key, length == 0 ? "missing" : "too long");
        memcpy(field, text, length);
        field[length] = '\0';
        enum status st = seal_field_read(&form, i, field, "=", shown, seal);
        if (st != ST_OK)
            return st;
        text += length;
        /* One space between fields and none after the last. */
        if (*text == ' ' && i + 1 < form.count)
            text++;
    }
    if (*text != '\0')
        return status_set(ST_RECORD, "%s: trusted comment: more after its last field", shown);
    return check_place(seal, shown);
}

void seal_untrusted(const char key_id[MINISIGN_ID_HEX], char text[MINISIGN_COMMENT]) {
    snprintf(text, MINISIGN_COMMENT, "seal of an attest record, signed by key %s", key_id);
}
