/* Reads an HTTP/1.1 answer: by its length, in chunks, or empty. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The value of a header inside [head, end), or NULL; names in any case (RFC 9110 §5.1). */
static const char *header(const char *head, const char *end, const char *name) {
    size_t length = strlen(name);
    for (const char *line = head; line && line < end;) {
        if ((size_t)(end - line) > length && !strncasecmp(line, name, length) && line[length] == ':') {
            const char *value = line + length + 1;
            return value + strspn(value, " \t");
        }
        line = memchr(line, '\n', (size_t)(end - line));
        if (line) line++;
    }
    return NULL;
}

/* Joins the chunks in place. Returns how many bytes they took, or 0 while some are missing. */
static size_t join_chunks(char *body, size_t there, size_t *joined) {
    size_t at = 0, size = 0;
    for (int pass = 0; pass < 2; pass++) { /* first look whether all is there, then move */
        at = size = 0;
        for (;;) {
            char *line_end = memchr(body + at, '\n', there - at);
            if (!line_end) return 0;
            size_t chunk = strtoul(body + at, NULL, 16);
            size_t from = (size_t)(line_end - body) + 1;
            if (from + chunk + 2 > there) return 0;
            if (pass) memmove(body + size, body + from, chunk);
            size += chunk;
            at = from + chunk + 2;
            if (!chunk) break;
        }
        if (!pass && size == 0) break;
        if (pass) break;
    }
    *joined = size;
    return at;
}

void read_answer(char *buffer, size_t filled, struct answer *answer) {
    memset(answer, 0, sizeof *answer);
    char *end = memmem(buffer, filled, "\r\n\r\n", 4);
    if (!end) return;
    char *body = end + 4;
    size_t there = filled - (size_t)(body - buffer);
    answer->status = atoi(buffer + 9);
    answer->body = body;
    const char *connection = header(buffer, end, "connection");
    answer->closes = connection && !strncasecmp(connection, "close", 5);
    const char *length = header(buffer, end, "content-length");
    const char *coding = header(buffer, end, "transfer-encoding");
    if (coding && !strncasecmp(coding, "chunked", 7)) {
        size_t joined = 0, taken = join_chunks(body, there, &joined);
        if (!taken) return;
        answer->body_size = joined;
        answer->size = (size_t)(body - buffer) + taken;
        return;
    }
    size_t size = length ? strtoul(length, NULL, 10) : 0;
    if (there < size) return;
    answer->body_size = size;
    answer->size = (size_t)(body - buffer) + size;
}
