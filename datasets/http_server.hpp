// SPDX-License-Identifier: MIT
#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <fmt/format.h>
#include <functional>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "base/descriptor.hpp"

// A server of this machine, for tests of what is fetched.
namespace gibbon::datasets {

struct Query {
  std::string path;
  std::optional<std::size_t> from;  ///< of the header "Range: bytes=N-"
};

struct Answer {
  std::string bytes;  ///< status line, headers, body
  bool hang = false;  ///< keep the connection open until the client closes it
};

/// HTTP on a free port of 127.0.0.1, one connection at a time, in a thread of its own.
class Server {
 public:
  using Handler = std::function<Answer(const Query&)>;

  explicit Server(Handler handler) : handler_(std::move(handler)), socket_(listening()) {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    ::getsockname(socket_.number(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }
  ~Server() {
    ::shutdown(socket_.number(), SHUT_RDWR);  // accept() returns
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::string url() const { return fmt::format("http://127.0.0.1:{}/", port_); }
  [[nodiscard]] int queries() const { return queries_; }

 private:
  static int listening() {
    const int number = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(number, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(number, 8), 0);
    return number;
  }

  void serve() {
    while (true) {
      const Descriptor client(::accept(socket_.number(), nullptr, nullptr));
      if (!client.is_open()) return;
      const Answer answer = handler_(receive(client.number()));
      ++queries_;
      std::size_t sent = 0;
      while (sent < answer.bytes.size()) {
        const ssize_t now = ::send(client.number(), answer.bytes.data() + sent,
                                   answer.bytes.size() - sent, MSG_NOSIGNAL);
        if (now <= 0) break;
        sent += static_cast<std::size_t>(now);
      }
      char end = 0;
      if (answer.hang) {
        EXPECT_LE(::recv(client.number(), &end, 1, 0), 0);
      }
    }
  }

  static Query receive(int client) {
    std::string head;
    char c = 0;
    while (!head.ends_with("\r\n\r\n") && ::recv(client, &c, 1, 0) == 1) head += c;
    const std::size_t start = head.find(' ') + 1;
    Query query{.path = head.substr(start, head.find(' ', start) - start)};
    const std::string_view range = "Range: bytes=";
    const std::size_t at = head.find(range);
    if (at != std::string::npos) query.from = std::stoul(head.substr(at + range.size()));
    return query;
  }

  Handler handler_;
  Descriptor socket_;
  std::uint16_t port_ = 0;
  std::atomic<int> queries_ = 0;
  std::jthread thread_;
};

inline std::string with_length(const std::string& status, std::size_t length,
                               const std::string& body, const std::string& headers = "") {
  return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n{}Connection: close\r\n\r\n{}", status,
                     length, headers, body);
}

inline Answer ok(const std::string& body) { return {with_length("200 OK", body.size(), body)}; }
inline Answer not_found() { return {with_length("404 Not Found", 4, "lost")}; }

/// A server as it should be, one that understands ranges.
inline Answer ranged(const Query& query, const std::string& body) {
  if (!query.from) return ok(body);
  if (*query.from >= body.size()) return {with_length("416 Range Not Satisfiable", 0, "")};
  const std::string rest = body.substr(*query.from);
  return {with_length(
      "206 Partial Content", rest.size(), rest,
      fmt::format("Content-Range: bytes {}-{}/{}\r\n", *query.from, body.size() - 1, body.size()))};
}

}  // namespace gibbon::datasets
