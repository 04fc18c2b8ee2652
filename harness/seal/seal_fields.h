/* Fields of a seal: one table for each form in which a seal is written (a text file, a trusted
 * comment), so that both are read by the same strict rules. */
#ifndef ATTEST_HARNESS_SEAL_FIELDS_H
#define ATTEST_HARNESS_SEAL_FIELDS_H

#include <stddef.h>

#include "../record/record.h"

enum seal_field_kind {
    SEAL_DIGEST, /* 64 lower-case hexadecimal digits */
    SEAL_FIXED,  /* the text `fixed` */
    SEAL_LINK,   /* a digest, or "none", which is stored as "" */
    SEAL_NUMBER, /* a decimal without sign or leading zero, at most 18 digits */
    SEAL_TOKEN   /* characters that need no escape and no quotes */
};

struct seal_field {
    const char *key;
    enum seal_field_kind kind;
    size_t offset, size; /* of the member of struct seal */
    const char *fixed;
};

/* All fields of one form, in their order. */
struct seal_form {
    const char *place; /* "seal line": what messages call the place of a field */
    const struct seal_field *fields;
    size_t count;
};

/* A row of such a table. */
#define SEAL_MEMBER(key, kind, member)                                                             \
    { key, kind, offsetof(struct seal, member), sizeof(((struct seal *)NULL)->member), NULL }

/* Reads "KEY VALUE" where `separator` stands between the two, as field `index` of the form.
 * ST_RECORD: another key (unknown, repeated or out of order), or a malformed value.  label: what
 * messages call the file, already escaped. */
enum status seal_field_read(const struct seal_form *form, size_t index, const char *text,
                            const char *separator, const char *label, struct seal *seal);

/* True for 1..size-1 characters of [A-Za-z0-9.:+_-]. */
bool seal_is_token(const char *text, size_t size);

#endif
