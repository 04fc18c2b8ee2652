#include "status.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char message[1024];

int status_exit_code(enum status st) {
    static const int codes[] = {
#define X(name, code, text) [ST_##name] = (code),
        STATUS_LIST(X)
#undef X
    };
    return codes[st];
}

enum status status_set(enum status st, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return st;
}

const char *status_message(void) { return message; }
