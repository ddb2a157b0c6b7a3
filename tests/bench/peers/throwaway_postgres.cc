// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/throwaway_postgres.h"

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>

#include "bench/must.h"

namespace bailee::bench {
namespace {

constexpr const char* kPrograms = "/usr/lib/postgresql/15/bin/";

struct User {
  uid_t uid;
  gid_t gid;
};

// Who the server runs as; nothing else than ourselves unless we are root.
bool FindUser(User* user) {
  *user = {geteuid(), getegid()};
  if (user->uid != 0) return true;
  for (const char* name : {"postgres", "nobody"}) {
    const passwd* entry = getpwnam(name);
    if (entry == nullptr) continue;
    *user = {entry->pw_uid, entry->pw_gid};
    return true;
  }
  return false;
}

// Runs a program as that user, with what it says in `log`. Ends with us.
pid_t Spawn(const std::string& program, std::vector<std::string> words, const User& user,
            const std::string& log) {
  std::vector<char*> arguments;
  words.insert(words.begin(), program);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t child = fork();
  Must(child >= 0, "cannot fork");
  if (child > 0) return child;
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int in = open("/dev/null", O_RDONLY);
  if (out < 0 || in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) _exit(126);
  if (geteuid() == 0 &&
      (setgroups(0, nullptr) != 0 || setgid(user.gid) != 0 || setuid(user.uid) != 0))
    _exit(126);
  // After the change of user, which takes it back. SIGQUIT: at once, nobody wants the data.
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (chdir("/") != 0) _exit(126);
  execv(program.c_str(), arguments.data());
  _exit(127);
}

int Join(pid_t child) {
  int state = 0;
  while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

bool Answers(const std::string& connection) {
  PGconn* connected = PQconnectdb(connection.c_str());
  const bool answers = PQstatus(connected) == CONNECTION_OK;
  PQfinish(connected);
  return answers;
}

}  // namespace

std::string ThrowawayPostgres::connection() const {
  return "host=" + directory_ + " user=bench dbname=postgres";
}

std::unique_ptr<ThrowawayPostgres> ThrowawayPostgres::Start(
    const std::string& directory, const std::vector<std::string>& settings, std::string* why_not) {
  const std::string server = std::string(kPrograms) + "postgres";
  User user;
  if (access(server.c_str(), X_OK) != 0) {
    *why_not = "PostgreSQL 15 is not installed";
    return nullptr;
  }
  if (!FindUser(&user)) {
    *why_not = "PostgreSQL does not run as root, and there is no user postgres or nobody";
    return nullptr;
  }
  Must(chown(directory.c_str(), user.uid, user.gid) == 0, "cannot give the directory away");
  const std::string data = directory + "/data";
  const std::string log = directory + "/log";
  if (!std::filesystem::exists(data + "/PG_VERSION")) {
    const int code = Join(Spawn(std::string(kPrograms) + "initdb",
                                {"--pgdata=" + data, "--username=bench", "--auth=trust",
                                 "--encoding=UTF8", "--locale=C", "--no-instructions"},
                                user, log));
    if (code != 0) {
      *why_not = "initdb failed; is the directory above reachable for the user it runs as?";
      return nullptr;
    }
  }
  std::vector<std::string> words = {
      "-D", data, "-c", "listen_addresses=", "-c", "unix_socket_directories=" + directory};
  for (const std::string& setting : settings) words.insert(words.end(), {"-c", setting});
  std::unique_ptr<ThrowawayPostgres> started(new ThrowawayPostgres(directory));
  started->server_ = Spawn(server, words, user, log);
  for (int tries = 0; tries < 600; ++tries) {
    if (Answers(started->connection())) return started;
    if (waitpid(started->server_, nullptr, WNOHANG) == started->server_) {
      started->server_ = -1;
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  *why_not = "the PostgreSQL server does not answer";
  return nullptr;
}

ThrowawayPostgres::~ThrowawayPostgres() {
  if (server_ < 0) return;
  kill(server_, SIGINT);
  Join(server_);
}

}  // namespace bailee::bench
