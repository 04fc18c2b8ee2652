#include "quote.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "../harness/base/escape.h"

void quote_markdown(struct text *t, const char *s) {
    for (const char *p = s; *p; p++) {
        /* "://" and "www." make links on their own in GitHub's dialect. */
        bool link = (p[0] == ':' && p[1] == '/') ||
                    (p[0] == '.' && p - s >= 3 && strncasecmp(p - 3, "www", 3) == 0);
        if (*p == '<')
            text_add(t, "&lt;");
        else if (*p == '>')
            text_add(t, "&gt;");
        else if (*p == '&')
            text_add(t, "&amp;");
        else {
            if (link || strchr("\\`*_[]|~#!$", *p))
                text_add(t, "\\");
            text_add_bytes(t, p, 1);
        }
    }
}

void quote_html(struct text *t, const char *s) {
    for (; *s; s++) {
        switch (*s) {
        case '&':
            text_add(t, "&amp;");
            break;
        case '<':
            text_add(t, "&lt;");
            break;
        case '>':
            text_add(t, "&gt;");
            break;
        case '"':
            text_add(t, "&quot;");
            break;
        case '\'':
            text_add(t, "&#39;");
            break;
        default:
            text_add_bytes(t, s, 1);
        }
    }
}

struct spelling {
    const char *from, *to;
};

/* Row-starting "[" and "*" would be read as options of the "\\" before them. */
static const struct spelling latex_ascii[] = {
    {"\\", "\\textbackslash{}"},
    {"{", "\\{"},
    {"}", "\\}"},
    {"$", "\\$"},
    {"&", "\\&"},
    {"#", "\\#"},
    {"%", "\\%"},
    {"_", "\\_"},
    {"^", "\\textasciicircum{}"},
    {"~", "\\textasciitilde{}"},
    {"<", "\\textless{}"},
    {">", "\\textgreater{}"},
    {"|", "\\textbar{}"},
    {"\"", "''"},
    {"`", "\\textasciigrave{}"},
    {"[", "{[}"},
    {"*", "{*}"},
    {"--", "-{}"},
    {"?`", "?{}"},
    {"!`", "!{}"},
};

static const struct spelling latex_unicode[] = {
    {"–", "--"},        {"—", "---"},         {"×", "$\\times$"}, {"·", "$\\cdot$"},
    {"±", "$\\pm$"},    {"≤", "$\\leq$"},     {"≥", "$\\geq$"},   {"≈", "$\\approx$"},
    {"√", "$\\surd$"},  {"µ", "$\\mu$"},      {"α", "$\\alpha$"}, {"β", "$\\beta$"},
    {"δ", "$\\delta$"}, {"ε", "$\\epsilon$"}, {"μ", "$\\mu$"},    {"ρ", "$\\rho$"},
    {"τ", "$\\tau$"},   {"₀", "$_0$"},        {"²", "$^2$"},      {"…", "\\dots{}"},
    {"→", "$\\to$"},    {"‖", "$\\Vert$"},    {"°", "$^\\circ$"},
};

static const struct spelling *spelled(const struct spelling *list, size_t n, const char *s) {
    for (size_t i = 0; i < n; i++)
        if (strncmp(list[i].from, s, strlen(list[i].from)) == 0)
            return &list[i];
    return NULL;
}

void quote_latex(struct text *t, const char *s) {
    while (*s) {
        unsigned point = 0;
        size_t length = utf8_decode(s, &point);
        const struct spelling *found =
            point < 0x80
                ? spelled(latex_ascii, sizeof latex_ascii / sizeof latex_ascii[0], s)
                : spelled(latex_unicode, sizeof latex_unicode / sizeof latex_unicode[0], s);
        bool latin = point >= 0xc0 && point <= 0x17f;
        if (found)
            text_add(t, found->to);
        else if (point < 0x80 || latin)
            text_add_bytes(t, s, length ? length : 1);
        else
            text_add(t, "?");
        s += found && point < 0x80 ? 1 : length ? length : 1;
    }
}

void quote_csv(struct text *t, const char *s, bool number) {
    bool formula = !number && *s && strchr("=+-@", *s);
    bool quoted = strpbrk(s, ",\"\r\n") || *s == ' ' || (*s && s[strlen(s) - 1] == ' ');
    if (quoted)
        text_add(t, "\"");
    if (formula)
        text_add(t, "'");
    for (; *s; s++) {
        if (*s == '"')
            text_add(t, "\"");
        text_add_bytes(t, s, 1);
    }
    if (quoted)
        text_add(t, "\"");
}

void quote_plot_name(struct text *t, const char *s) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  " ._/:=+,()-";
    if (!*s)
        text_add(t, "-");
    for (; *s; s++)
        text_add_bytes(t, strchr(allowed, *s) ? s : "_", 1);
}

void quote_link(struct text *t, const char *s) {
    for (; *s; s++) {
        bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                     (*s >= '0' && *s <= '9') || strchr("._-", *s);
        if (plain)
            text_add_bytes(t, s, 1);
        else
            text_format(t, "%%%02X", (unsigned)(unsigned char)*s);
    }
}
