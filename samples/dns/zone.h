// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A zone (RFC 1035, section 5) and the answers it gives (RFC 1034, 4.3.2).
#pragma once

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

enum Type : std::uint16_t {
  A = 1,
  NS = 2,
  CNAME = 5,
  SOA = 6,
  MX = 15,
  TXT = 16,
  AAAA = 28,
  OPT = 41,
  ANY = 255
};
enum Code : std::uint8_t {
  NoError = 0,
  FormErr = 1,
  NxDomain = 3,
  NotImp = 4,
  Refused = 5
};

/// A name as it is sent, in lower case: "\3www\7example\3org\0".
using Name = std::string;

struct Record {
  std::uint32_t ttl;
  std::string data;
};

inline void put16(std::string &out, unsigned value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}
inline void put32(std::string &out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value);
}
inline unsigned get16(const std::string &from, std::size_t at) {
  return std::uint8_t(from[at]) << 8 | std::uint8_t(from[at + 1]);
}

/// The name without its first label.
inline Name parent(const Name &name) {
  return name.substr(1 + std::uint8_t(name[0]));
}

/// The words of a line of a zone; a ';' begins a comment.
class Words {
public:
  explicit Words(const char *line) : at(line) {}

  /// Empty: there is none left. Text in quotes is a word, with them.
  std::string next() {
    at += std::strspn(at, " \t\r\n");
    const char *start = at;
    if (*at == ';')
      return "";
    if (*at == '"')
      at += 1 + std::strcspn(at + 1, "\"\n") +
            (std::strchr(at + 1, '"') != nullptr);
    else
      at += std::strcspn(at, " \t\r\n;");
    return std::string(start, at);
  }

private:
  const char *at;
};

inline std::uint32_t toNumber(const std::string &text) {
  char *end;
  unsigned long value = std::strtoul(text.c_str(), &end, 10);
  if (text.empty() || *end)
    throw std::runtime_error("'" + text + "' is no number");
  return static_cast<std::uint32_t>(value);
}

class Zone {
public:
  /// Throws std::runtime_error: the file, the line and what is wrong with it.
  explicit Zone(const std::string &path) {
    std::FILE *file = std::fopen(path.c_str(), "r");
    if (!file)
      throw std::runtime_error(path + ": cannot be read");
    char line[1024];
    std::string owner = "@";
    std::uint32_t ttl = 3600;
    for (unsigned number = 1; std::fgets(line, sizeof(line), file); ++number) {
      Words words(line);
      if (line[0] != ' ' && line[0] != '\t')
        if (std::string first = words.next(); !first.empty())
          owner = first;
      try {
        if (owner == "$ORIGIN")
          origin = absolute(words.next());
        else if (owner == "$TTL")
          ttl = toNumber(words.next());
        else
          add(absolute(owner), ttl, words);
      } catch (const std::exception &error) {
        throw std::runtime_error(path + ":" + std::to_string(number) + ": " +
                                 error.what());
      }
      if (owner[0] == '$')
        owner = "@";
    }
    std::fclose(file);
    if (!records.count(origin) || !records[origin].count(SOA))
      throw std::runtime_error(path + ": the zone has no SOA record");
  }

  /// Empty: that is no query. `limit`: bytes of an answer without EDNS.
  std::string answer(const std::string &query, std::size_t limit) {
    if (query.size() < 12 || query[2] & 0x80)
      return "";
    std::size_t end = 12;
    Name name;
    while (end < query.size() && query[end] && !(query[end] & 0xc0))
      end += 1 + std::uint8_t(query[end]);
    if (get16(query, 4) != 1 || end + 5 > query.size() || query[end] ||
        end - 12 > 254)
      return finish(query, 12, failure(FormErr), false, limit);
    for (char c : query.substr(12, end + 1 - 12))
      name += static_cast<char>(std::tolower(c));
    end += 5;
    // Extended DNS (RFC 6891): a record of type OPT, right behind the question.
    bool hasOpt = get16(query, 10) && query.size() >= end + 11 && !query[end] &&
                  get16(query, end + 1) == OPT;
    if (hasOpt)
      limit = std::max<std::size_t>(limit, get16(query, end + 3));
    if (query[2] & 0x78)
      return finish(query, end, failure(NotImp), hasOpt, limit);
    std::string key = name + query.substr(end - 4, 4);
    auto known = memo.find(key);
    if (known == memo.end()) {
      if (memo.size() == kMostMemos)
        memo.clear();
      known = memo.emplace(key, compute(name, get16(query, end - 4))).first;
    }
    return finish(query, end, known->second, hasOpt, limit);
  }

private:
  using Records = std::map<std::uint16_t, std::vector<Record>>;
  static constexpr std::size_t kMostMemos = 65536;

  /// "www" below the origin, "a.b.", or "@".
  Name absolute(const std::string &text) const {
    Name name;
    for (std::size_t at = 0; text != "@" && at < text.size();) {
      std::size_t end = std::min(text.find('.', at), text.size());
      if (end == at || end - at > 63)
        throw std::runtime_error("a label of '" + text +
                                 "' is empty or too long");
      name += static_cast<char>(end - at);
      for (; at != end; ++at)
        name += static_cast<char>(std::tolower(text[at]));
      ++at;
    }
    return !text.empty() && text.back() == '.' ? name + '\0'
           : origin.empty()                    ? name + '\0'
                                               : name + origin;
  }

  /// What follows the owner: "[TTL] [IN] TYPE DATA", or nothing.
  void add(const Name &owner, std::uint32_t ttl, Words &words) {
    static constexpr std::pair<const char *, Type> kTypes[] = {
        {"A", A},   {"NS", NS},   {"CNAME", CNAME}, {"SOA", SOA},
        {"MX", MX}, {"TXT", TXT}, {"AAAA", AAAA}};
    std::string word = words.next();
    for (; word == "IN" || std::isdigit(word[0]); word = words.next())
      if (word != "IN")
        ttl = toNumber(word);
    if (word.empty())
      return;
    Type type = ANY;
    for (auto [name, value] : kTypes)
      if (word == name)
        type = value;
    if (type == ANY)
      throw std::runtime_error("unknown type '" + word + "'");
    auto next = [&] {
      std::string data = words.next();
      if (data.empty())
        throw std::runtime_error("the data of " + word + " is not complete");
      return data;
    };
    std::string data, text = next();
    char address[16];
    switch (type) {
    case A:
    case AAAA:
      if (inet_pton(type == A ? AF_INET : AF_INET6, text.c_str(), address) != 1)
        throw std::runtime_error("'" + text + "' is no address");
      data.assign(address, type == A ? 4 : 16);
      break;
    case MX:
      put16(data, toNumber(text));
      data += absolute(next());
      break;
    case SOA:
      data = absolute(text) + absolute(next());
      for (unsigned i = 0; i < 5; ++i)
        put32(data, toNumber(next()));
      break;
    case TXT:
      if (text.size() < 2 || text.size() > 257 || text[0] != '"' ||
          text.back() != '"')
        throw std::runtime_error("expected \"text\" of at most 255 bytes");
      data =
          static_cast<char>(text.size() - 2) + text.substr(1, text.size() - 2);
      break;
    default: // NS, CNAME
      data = absolute(text);
    }
    records[owner][type].push_back({ttl, data});
    // What lies above an owner exists, too.
    for (Name name = owner; name.size() > origin.size(); name = parent(name))
      records[name];
  }

  bool isInside(const Name &name) const {
    return name.size() >= origin.size() &&
           name.compare(name.size() - origin.size(), origin.size(), origin) ==
               0;
  }

  const Records *find(const Name &name) const {
    auto it = records.find(name);
    return it == records.end() ? nullptr : &it->second;
  }

  /// The records of a name, or of the wildcard that stands for it.
  const Records *match(const Name &name) const {
    if (const Records *exact = find(name))
      return exact;
    for (Name above = name; above.size() > origin.size();) {
      above = parent(above);
      if (find(above))
        return find(std::string("\1*", 2) + above);
    }
    return nullptr;
  }

  /// Where a name server outside of the zone takes over; empty: nowhere.
  Name delegation(Name name) const {
    Name lowest;
    for (; name.size() > origin.size(); name = parent(name))
      if (const Records *at = find(name); at && at->count(NS))
        lowest = name;
    return lowest;
  }

  struct Answer {
    std::string sections[3]; ///< answer, authority, additional
    unsigned counts[3] = {};
    void add(unsigned section, const Name &owner, std::uint16_t type,
             const Record &record) {
      std::string &out = sections[section];
      out += owner;
      put16(out, type);
      put16(out, 1); // IN
      put32(out, record.ttl);
      put16(out, record.data.size());
      out += record.data;
      ++counts[section];
    }
  };

  static constexpr std::uint8_t kOurs = 0x80; ///< beside a code

  static std::string failure(Code code) {
    return std::string(6, '\0') + static_cast<char>(code);
  }

  /// Three counts, the code, then the three sections.
  std::string compute(Name name, std::uint16_t type) const {
    Answer answer;
    Code code = isInside(name) ? NoError : Refused;
    bool isOurs = code == NoError;
    for (std::set<Name> seen;
         code == NoError && isInside(name) && seen.insert(name).second;) {
      Name cut = delegation(name);
      if (!cut.empty()) {
        isOurs = answer.counts[0] != 0;
        for (const Record &server : find(cut)->at(NS)) {
          answer.add(1, cut, NS, server);
          if (const Records *glue = find(server.data))
            for (std::uint16_t kind : {A, AAAA})
              if (auto it = glue->find(kind); it != glue->end())
                for (const Record &address : it->second)
                  answer.add(2, server.data, kind, address);
        }
        break;
      }
      const Records *found = match(name);
      if (!found)
        code = NxDomain;
      else if (auto alias = found->find(CNAME);
               alias != found->end() && type != CNAME && type != ANY) {
        answer.add(0, name, CNAME, alias->second[0]);
        name = alias->second[0].data;
        continue;
      } else
        for (const auto &[kind, all] : *found)
          if (kind == type || type == ANY)
            for (const Record &record : all)
              answer.add(0, name, kind, record);
      if (answer.counts[0] == 0 || code == NxDomain)
        answer.add(1, origin, SOA, records.at(origin).at(SOA)[0]);
      break;
    }
    std::string result;
    for (unsigned count : answer.counts)
      put16(result, count);
    result += static_cast<char>(code | (isOurs ? kOurs : 0));
    for (const std::string &section : answer.sections)
      result += section;
    return result;
  }

  /// The answer's header and the question before what was computed.
  static std::string finish(const std::string &query, std::size_t questionEnd,
                            const std::string &computed, bool hasOpt,
                            std::size_t limit) {
    // OPT: we take 1232 bytes.
    std::string opt(hasOpt ? "\0\0\x29\x04\xd0\0\0\0\0\0\0" : "",
                    hasOpt ? 11 : 0);
    std::string body = computed.substr(7) + opt;
    bool isCut = questionEnd + body.size() > limit;
    std::string out = query.substr(0, 2);
    bool isOurs = computed[6] & kOurs;
    out += static_cast<char>(0x80 | (query[2] & 0x79) | (isOurs ? 4 : 0) |
                             (isCut ? 2 : 0));
    out += static_cast<char>(computed[6] & 0x0f);
    put16(out, questionEnd > 12);
    if (isCut) {
      out.append(4, '\0');
      put16(out, hasOpt);
      body = opt;
    } else {
      out += computed.substr(0, 4);
      put16(out, get16(computed, 4) + hasOpt);
    }
    return out + query.substr(12, questionEnd - 12) + body;
  }

  Name origin;
  std::map<Name, Records> records;
  std::unordered_map<std::string, std::string>
      memo; ///< by name, type and class
};
