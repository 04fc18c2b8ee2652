/* Text made safe to show. */
#include "escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

size_t utf8_decode(const char *s, unsigned *code) {
    const unsigned char *u = (const unsigned char *)s;
    size_t length = u[0] < 0x80 ? 1 : u[0] < 0xC2 ? 0 : u[0] < 0xE0 ? 2 : u[0] < 0xF0 ? 3 : 4;
    if (u[0] == 0 || u[0] > 0xF4)
        return 0;
    if (length == 0)
        return 0;
    static const unsigned char lead_mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    unsigned c = u[0] & lead_mask[length];
    for (size_t i = 1; i < length; i++) {
        if ((u[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (u[i] & 0x3F);
    }
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (c < least[length] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    *code = c;
    return length;
}

/* Characters that move the cursor, change the direction of text or cannot be seen. */
static bool is_hostile(unsigned c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C ||
           (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
           (c >= 0xE0000 && c <= 0xE0FFF);
}

/* One character of text as shown; returns the bytes of text it stands for. */
static size_t escape_one(const char *text, char shown[16]) {
    unsigned c = 0;
    size_t length = utf8_decode(text, &c);
    if (length == 0 || (length == 1 && is_hostile(c))) {
        snprintf(shown, 16, "\\x%02x", (unsigned)(unsigned char)*text);
        return 1;
    }
    if (is_hostile(c)) {
        snprintf(shown, 16, "\\u{%x}", c);
    } else {
        memcpy(shown, text, length);
        shown[length] = '\0';
    }
    return length;
}

void escape_text(const char *text, char *out, size_t size) {
    size_t used = 0, cut = 0; /* cut: where "..." goes if the rest does not fit */
    out[0] = '\0';
    while (*text != '\0') {
        char shown[16];
        text += escape_one(text, shown);
        size_t length = strlen(shown);
        if (used + length + 1 > size) {
            if (size >= 4)
                memcpy(out + cut, "...", 4);
            return;
        }
        memcpy(out + used, shown, length + 1);
        used += length;
        if (used + 4 <= size)
            cut = used;
    }
}

size_t escape_width(const char *text) {
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}
