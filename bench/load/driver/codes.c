/* Takes codes as they are handed over: datagrams of "ADDRESS CODE", or e-mail by SMTP (RFC 5321).
 *
 * Addresses are u<number>@… of the user they belong to.
 */
#include "driver.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAIL_MOST 65536
#define PLACES_MOST 4096

enum kind { DATAGRAMS = 1, DOOR, MAIL };

struct place {
    enum kind kind;
    int fd;
    int is_data; /* between DATA and the lone dot */
    long number; /* of RCPT TO; -1: none */
    size_t filled;
    char *buffer;
};

static struct place places[PLACES_MOST]; /* one for each thing that listens; e-mail connections take and give back */
static int epoll_of_all;
static on_code tell;

int is_codes_event(void *data) {
    return (struct place *)data >= places && (struct place *)data < places + PLACES_MOST;
}

static struct place *listen_to(int fd, enum kind kind) {
    for (struct place *place = places; place < places + PLACES_MOST; place++)
        if (!place->kind) {
            char *buffer = place->buffer;
            *place = (struct place){.kind = kind, .fd = fd, .number = -1, .buffer = buffer};
            struct epoll_event event = {.events = EPOLLIN, .data.ptr = place};
            if (epoll_ctl(epoll_of_all, EPOLL_CTL_ADD, fd, &event)) fail("epoll: %s", strerror(errno));
            return place;
        }
    fail("more than %d e-mail connections", PLACES_MOST);
}

static int open_port(int type, uint16_t port) {
    int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0), yes = 1, room = 8 << 20;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (type == SOCK_DGRAM) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (bind(fd, (struct sockaddr *)&here, sizeof here)) fail("port %d: %s", port, strerror(errno));
    if (type == SOCK_STREAM && listen(fd, 1024)) fail("port %d: %s", port, strerror(errno));
    return fd;
}

void open_codes(int epoll, const struct plan *plan, on_code told) {
    epoll_of_all = epoll;
    tell = told;
    if (plan->datagram_port) listen_to(open_port(SOCK_DGRAM, plan->datagram_port), DATAGRAMS);
    if (plan->smtp_port) listen_to(open_port(SOCK_STREAM, plan->smtp_port), DOOR);
}

/* The number in u<number>@…, or -1. */
static long number_in(const char *address) {
    return *address == 'u' && isdigit((unsigned char)address[1]) ? atol(address + 1) : -1;
}

static void take_datagrams(struct place *place) {
    char text[256];
    for (;;) {
        ssize_t size = recv(place->fd, text, sizeof text - 1, 0);
        if (size < 0) return;
        text[size] = 0;
        char *space = strchr(text, ' ');
        long number = number_in(text);
        if (space && number >= 0) tell(number, space + 1);
    }
}

static size_t decode_base64(const char *text, size_t size, char *into) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t made = 0;
    unsigned bits = 0, bits_n = 0;
    for (size_t i = 0; i < size; i++) {
        const char *letter = text[i] ? strchr(letters, text[i]) : NULL;
        if (!letter) {
            if (text[i] == '-') break; /* the boundary after the part */
            continue;
        }
        bits = (bits << 6 | (unsigned)(letter - letters)) & 0xffffff;
        if ((bits_n += 6) >= 8) into[made++] = (char)(bits >> (bits_n -= 8));
    }
    return made;
}

/* The first run of six to ten digits, alone: a code stands before any other such run. */
static int find_code(const char *text, size_t size, char *code) {
    for (size_t i = 0; i < size;) {
        size_t run = 0;
        while (i + run < size && isdigit((unsigned char)text[i + run])) run++;
        if (run >= 6 && run <= 10) {
            memcpy(code, text + i, run);
            code[run] = 0;
            return 1;
        }
        i += run ? run : 1;
    }
    return 0;
}

/* The first part of a mail: after its own head where the mail has several, else after the head of the mail. */
static void read_mail(struct place *place, size_t size) {
    static char decoded[MAIL_MOST];
    char *mail = place->buffer, *end = mail + size, code[16];
    char *body = memmem(mail, size, "\r\n\r\n", 4);
    if (!body) return;
    char *head = mail;
    if (memmem(mail, (size_t)(body - mail), "multipart/", 10)) {
        head = body;
        body = memmem(body + 4, (size_t)(end - body - 4), "\r\n\r\n", 4);
        if (!body) return;
    }
    size_t text_size = (size_t)(end - body);
    char *text = body;
    if (memmem(head, (size_t)(body - head), "base64", 6)) {
        text_size = decode_base64(body, text_size, decoded);
        text = decoded;
    }
    if (find_code(text, text_size, code) && place->number >= 0) tell(place->number, code);
}

static void say(struct place *place, const char *text) {
    if (send(place->fd, text, strlen(text), MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
        fail("SMTP: %s", strerror(errno));
}

static void take_command(struct place *place, char *line) {
    if (!strncasecmp(line, "EHLO", 4)) say(place, "250-127.0.0.1\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n");
    else if (!strncasecmp(line, "DATA", 4)) {
        place->is_data = 1;
        say(place, "354 go on\r\n");
    } else if (!strncasecmp(line, "QUIT", 4)) say(place, "221 bye\r\n");
    else {
        char *address = strncasecmp(line, "RCPT", 4) ? NULL : strchr(line, '<');
        if (address) place->number = number_in(address + 1);
        say(place, "250 ok\r\n");
    }
}

/* Takes one command or one mail from the front of the buffer. Returns how many bytes it was, or 0 if not all is there. */
static size_t take_one(struct place *place) {
    char *end = memmem(place->buffer, place->filled, place->is_data ? "\r\n.\r\n" : "\r\n", place->is_data ? 5 : 2);
    if (!end) return 0;
    size_t size = (size_t)(end - place->buffer);
    if (place->is_data) {
        place->is_data = 0;
        say(place, "250 taken\r\n");
        read_mail(place, size);
        return size + 5;
    }
    *end = 0;
    take_command(place, place->buffer);
    return size + 2;
}

static void take_mail(struct place *place) {
    ssize_t got = recv(place->fd, place->buffer + place->filled, MAIL_MOST - place->filled, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0 || place->filled + (size_t)got == MAIL_MOST) {
        close(place->fd);
        place->kind = 0;
        return;
    }
    place->filled += (size_t)got;
    size_t taken;
    while ((taken = take_one(place))) {
        place->filled -= taken;
        memmove(place->buffer, place->buffer + taken, place->filled);
    }
}

void take_codes(void *data, uint32_t events) {
    (void)events;
    struct place *place = data;
    if (place->kind == DATAGRAMS) take_datagrams(place);
    else if (place->kind == MAIL) take_mail(place);
    else if (place->kind == DOOR) {
        int fd = accept4(place->fd, NULL, NULL, SOCK_NONBLOCK), yes = 1;
        if (fd < 0) return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        struct place *mail = listen_to(fd, MAIL);
        if (!mail->buffer && !(mail->buffer = malloc(MAIL_MOST))) fail("no memory for e-mail");
        say(mail, "220 127.0.0.1 ready\r\n");
    }
}
