#include "html_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "utf8.h"

struct page {
    const char *label;
    const char *at, *start, *end;
    char *out;
    size_t length;
    bool in_body, space, block; /* what separates the next character from the last */
};

static enum status malformed(const struct page *p, const char *at, const char *what) {
    return status_set(ST_INPUT, "%s: byte %zu: %s; install the package again", p->label,
                      (size_t)(at - p->start), what);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void put(struct page *p, const void *bytes, size_t size) {
    if (p->length > 0 && p->block) {
        p->out[p->length++] = '\n';
        p->out[p->length++] = '\n';
    } else if (p->length > 0 && p->space) {
        p->out[p->length++] = ' ';
    }
    p->space = p->block = false;
    memcpy(p->out + p->length, bytes, size);
    p->length += size;
}

static void put_code(struct page *p, uint32_t code) {
    unsigned char bytes[4];
    if (code == ' ' || (code >= '\t' && code <= '\r') || code == 0xa0) {
        p->space = true;
    } else {
        put(p, bytes, utf8_put(code, bytes));
    }
}

/* --- tags ------------------------------------------------------------------------------------- */

struct tag {
    const char *name; /* points into the page */
    size_t name_size;
    const char *attributes, *end; /* between the name and the closing bracket */
    bool closing, empty;          /* </name>; <name/> or an element without content */
};

static bool is_named(const struct tag *t, const char *name) {
    return strlen(name) == t->name_size && strncasecmp(t->name, name, t->name_size) == 0;
}

/* `names` is a list with spaces around each. */
static bool is_one_of(const struct tag *t, const char *names) {
    char name[16] = " ";
    if (t->name_size > sizeof name - 3) {
        return false;
    }
    for (size_t i = 0; i < t->name_size; i++) {
        name[i + 1] = (char)tolower((unsigned char)t->name[i]);
    }
    memcpy(name + 1 + t->name_size, " ", 2);
    return strstr(names, name) != NULL;
}

/* The tag that starts at p->at; p->at moves behind it. */
static enum status take_tag(struct page *p, struct tag *t) {
    const char *open = p->at++;
    char quote = '\0';
    *t = (struct tag){.closing = p->at < p->end && *p->at == '/'};
    p->at += t->closing;
    t->name = p->at;
    while (p->at < p->end && isalnum((unsigned char)*p->at)) {
        p->at++;
    }
    t->name_size = (size_t)(p->at - t->name);
    t->attributes = p->at;
    while (p->at < p->end && (quote != '\0' || *p->at != '>')) {
        if (quote == '\0' && (*p->at == '"' || *p->at == '\'')) {
            quote = *p->at;
        } else if (*p->at == quote) {
            quote = '\0';
        }
        p->at++;
    }
    if (t->name_size == 0 || p->at == p->end) {
        return malformed(p, open,
                         t->name_size == 0 ? "a bracket that starts no tag"
                                           : "a tag that does not end");
    }
    t->end = p->at++;
    t->empty = t->end[-1] == '/' || is_one_of(t, " area base br col embed hr img input link meta "
                                                 "source track wbr ");
    return ST_OK;
}

/* Behind a comment, a declaration or a processing instruction at p->at; these are not in the text.
 */
static enum status skip_declaration(struct page *p) {
    const size_t left = (size_t)(p->end - p->at);
    const bool comment = left >= 4 && memcmp(p->at, "<!--", 4) == 0;
    const char *stop = comment ? memmem(p->at + 4, left - 4, "-->", 3) : memchr(p->at, '>', left);
    if (stop == NULL) {
        return malformed(p, p->at, "a comment or declaration that does not end");
    }
    p->at = stop + (comment ? 3 : 1);
    return ST_OK;
}

/* --- what is left out ------------------------------------------------------------------------- */

/* Navigation of the tools whose pages are read (Publican, Exim's). */
static bool is_navigation(const struct tag *t) {
    static const struct {
        const char *name, *attribute;
    } known[] = {{"ul", " class=\"docnav\""},
                 {"ul", " class=\"docnav top\""},
                 {"div", " class=\"toc\""},
                 {"div", " id=\"banner\""},
                 {"p", " id=\"title\""},
                 {"h1", " id=\"header\""},
                 {"ul", " id=\"nav_flow\""},
                 {"div", " id=\"toc\""},
                 {"div", " id=\"footer\""},
                 {"div", " class=\"sectionindex\""},
                 {"a", " class=\"previous_page\""},
                 {"a", " class=\"next_page\""},
                 {"a", " class=\"toc_page\""}};
    const size_t size = (size_t)(t->end - t->attributes);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (is_named(t, known[i].name) &&
            memmem(t->attributes, size, known[i].attribute, strlen(known[i].attribute)) != NULL) {
            return true;
        }
    }
    return false;
}

static bool is_left_out(const struct tag *t) {
    return is_one_of(t, " form pre script style sup table ") || is_navigation(t);
}

/* Behind the end of a script's or style's content: its text is no HTML. */
static enum status skip_raw(struct page *p, const struct tag *element) {
    for (const char *at = p->at; p->end - at >= (ptrdiff_t)element->name_size + 2; at++) {
        if (at[0] == '<' && at[1] == '/' &&
            strncasecmp(at + 2, element->name, element->name_size) == 0) {
            struct tag t;
            p->at = at;
            return take_tag(p, &t);
        }
    }
    return malformed(p, element->name, "an element that does not end");
}

/* Behind the end of an element that has begun, which may hold others of its name. */
static enum status skip_element(struct page *p, const struct tag *element) {
    if (is_one_of(element, " script style ")) {
        return skip_raw(p, element);
    }
    for (size_t depth = 1; depth > 0;) {
        p->at = memchr(p->at, '<', (size_t)(p->end - p->at));
        if (p->at == NULL) {
            return malformed(p, element->name, "an element that does not end");
        }
        struct tag t;
        const bool tag = p->at + 1 < p->end && p->at[1] != '!' && p->at[1] != '?';
        const enum status st = tag ? take_tag(p, &t) : skip_declaration(p);
        if (st != ST_OK) {
            return st;
        }
        if (tag && !t.empty && t.name_size == element->name_size &&
            strncasecmp(t.name, element->name, t.name_size) == 0) {
            depth += t.closing ? (size_t)-1 : 1;
        }
    }
    return ST_OK;
}

/* --- text ------------------------------------------------------------------------------------- */

/* Code point of "#233" or "#xe9"; 0 if it is none. */
static uint32_t numeric_entity(const char *text, size_t size) {
    const bool hex = size > 1 && (text[1] == 'x' || text[1] == 'X');
    uint32_t code = 0;
    for (size_t i = hex ? 2 : 1; i < size; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (!(hex ? isxdigit(c) : isdigit(c)) || code > 0x10ffff) {
            return 0;
        }
        const uint32_t digit = (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
        code = code * (hex ? 16 : 10) + digit;
    }
    return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? 0 : code;
}

static enum status take_entity(struct page *p) {
    static const struct {
        const char *name;
        uint32_t code;
    } named[] = {{"amp", '&'},  {"lt", '<'},    {"gt", '>'},
                 {"quot", '"'}, {"apos", '\''}, {"nbsp", 0xa0}};
    const char *text = p->at + 1;
    const size_t left = (size_t)(p->end - text);
    const char *stop = memchr(text, ';', left < 12 ? left : 12);
    const size_t size = stop == NULL ? 0 : (size_t)(stop - text);
    uint32_t code = size > 0 && *text == '#' ? numeric_entity(text, size) : 0;
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        if (strlen(named[i].name) == size && memcmp(named[i].name, text, size) == 0) {
            code = named[i].code;
        }
    }
    if (code == 0) {
        return malformed(p, p->at, "an entity that is not known");
    }
    p->at = stop + 1;
    put_code(p, code);
    return ST_OK;
}

static enum status take_character(struct page *p) {
    uint32_t code = 0;
    const size_t length = utf8_take((const unsigned char *)p->at, (size_t)(p->end - p->at), &code);
    if (length == 0) {
        return malformed(p, p->at, "a byte that is not UTF-8");
    }
    p->at += length;
    put_code(p, code);
    return ST_OK;
}

static enum status take_markup(struct page *p) {
    if (p->at + 1 < p->end && (p->at[1] == '!' || p->at[1] == '?')) {
        return skip_declaration(p);
    }
    struct tag t;
    enum status st = take_tag(p, &t);
    if (st != ST_OK) {
        return st;
    }
    if (is_named(&t, "body")) {
        p->in_body = !t.closing;
    } else if (p->in_body && !t.closing && !t.empty && is_left_out(&t)) {
        st = skip_element(p, &t);
    }
    p->block |= is_one_of(&t, " address blockquote body br dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol "
                              "p pre section table ul ");
    return st;
}

enum status html_text(const char *label, const char *html, size_t size, char *out, size_t *length) {
    struct page p = {.label = label, .at = html, .start = html, .end = html + size, .out = out};
    enum status st = ST_OK;
    while (st == ST_OK && p.at < p.end) {
        if (*p.at == '<') {
            st = take_markup(&p);
        } else if (!p.in_body) {
            p.at++;
        } else {
            st = *p.at == '&' ? take_entity(&p) : take_character(&p);
        }
    }
    *length = st == ST_OK ? p.length : 0;
    return st;
}
