/* A server that does nothing but answer: trivial PORT CODE_PORT
 *
 * It shows how many cycles the load generator itself can drive: POST /start sends the code 123456 to the user of the
 * body as a datagram and says 201, anything else says 200.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define FDS_MOST 4096
#define REQUEST_MOST 8192

static char buffers[FDS_MOST][REQUEST_MOST];
static size_t filled[FDS_MOST];
static int codes;

static void answer(int fd, const char *request) {
    static const char started[] =
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 38\r\n\r\n"
        "{\"challenge\":{\"id\":\"chl_0123456789ab\"}}";
    static const char checked[] =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 22\r\n\r\n{\"outcome\":\"approved\"}";
    const char *user = strstr(request, "\"user\":\"");
    if (!strncmp(request, "POST /start", 11) && user) {
        char text[128];
        int size = snprintf(text, sizeof text, "u%ld@bench.example 123456", atol(user + 8));
        send(codes, text, (size_t)size, 0);
        send(fd, started, sizeof started - 1, MSG_NOSIGNAL);
    } else
        send(fd, checked, sizeof checked - 1, MSG_NOSIGNAL);
}

static void take(int fd) {
    ssize_t got = recv(fd, buffers[fd] + filled[fd], REQUEST_MOST - 1 - filled[fd], 0);
    if (got <= 0) {
        close(fd);
        filled[fd] = 0;
        return;
    }
    filled[fd] += (size_t)got;
    buffers[fd][filled[fd]] = 0;
    char *body = strstr(buffers[fd], "\r\n\r\n"), *length = strcasestr(buffers[fd], "content-length:");
    if (!body) return;
    size_t size = length ? strtoul(length + 15, NULL, 10) : 0;
    if (filled[fd] < (size_t)(body + 4 - buffers[fd]) + size) return;
    answer(fd, buffers[fd]);
    filled[fd] = 0;
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    int door = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0), yes = 1;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, there = here;
    here.sin_port = htons((uint16_t)atoi(arguments[1]));
    there.sin_port = htons((uint16_t)atoi(arguments[2]));
    codes = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(door, (struct sockaddr *)&here, sizeof here) || listen(door, 1024)) return 1;
    if (connect(codes, (struct sockaddr *)&there, sizeof there)) return 1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = door}, events[256];
    epoll_ctl(epoll, EPOLL_CTL_ADD, door, &event);
    for (;;) {
        int ready = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd != door) {
                take(events[i].data.fd);
                continue;
            }
            int fd = accept(door, NULL, NULL);
            if (fd < 0 || fd >= FDS_MOST) continue;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            event.data.fd = fd;
            epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        }
    }
}
