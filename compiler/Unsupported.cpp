// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// -Wampoule-unsupported: a second consumer of the parse that names, at the line
// that uses them, functions of the system that no unikernel can provide, and
// lists what a source uses (Dependencies.h). Only declarations of system headers
// count, so a project's own function of the same name does not. Clang has no way
// to add a warning group; this one is as good as one of its own for -W, -Wno-,
// -Werror= and #pragma clang diagnostic.
#include "compiler/Dependencies.h"
#include "compiler/SystemHeaders.h"

#include "clang/AST/ASTConsumer.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Basic/DiagnosticLex.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/FrontendPluginRegistry.h"
#include "clang/Lex/PPCallbacks.h"
#include "clang/Lex/Preprocessor.h"
#include "llvm/ADT/StringMap.h"

using namespace clang;

namespace ampoule::compiler {
namespace {

constexpr llvm::StringLiteral kGroup = "-Wampoule-unsupported";

constexpr llvm::StringLiteral kOneProcess =
    "an image is one process; use a thread, or a second image";
constexpr llvm::StringLiteral kNoPrograms =
    "an image has no other programs to run; link what it did into this one, or "
    "use a second image";
constexpr llvm::StringLiteral kNoLoading =
    "an image is whole when it is linked; link the library, and refer to its "
    "symbols";
constexpr llvm::StringLiteral kNoUsers =
    "an image has no users; isolation is between domains";
constexpr llvm::StringLiteral kNoTracing =
    "there is no process to trace; debug the domain from outside";
constexpr llvm::StringLiteral kNoMounts =
    "an image has no kernel to administer; configure the domain";
constexpr llvm::StringLiteral kNoNewCode =
    "no memory of an image ever becomes executable; generate code when "
    "compiling";

llvm::StringRef reasonFor(llvm::StringRef function) {
  static const llvm::StringMap<llvm::StringRef> reasons = [] {
    llvm::StringMap<llvm::StringRef> map;
    auto add = [&](llvm::StringRef reason,
                   std::initializer_list<llvm::StringRef> names) {
      for (llvm::StringRef name : names)
        map[name] = reason;
    };
    add(kOneProcess, {"fork", "_Fork", "vfork", "daemon", "forkpty", "wait",
                      "waitpid", "waitid", "wait3", "wait4", "setsid",
                      "setpgid", "setpgrp", "tcsetpgrp", "unshare", "setns",
                      "clone"});
    add(kNoPrograms, {"execl", "execle", "execlp", "execv", "execve", "execvp",
                      "execvpe", "fexecve", "posix_spawn", "posix_spawnp",
                      "system", "popen", "wordexp"});
    add(kNoLoading, {"dlopen", "dlmopen"});
    add(kNoUsers, {"setuid", "seteuid", "setreuid", "setresuid", "setgid",
                   "setegid", "setregid", "setresgid", "setgroups",
                   "initgroups", "setfsuid", "setfsgid", "chroot"});
    add(kNoTracing, {"ptrace", "process_vm_readv", "process_vm_writev"});
    add(kNoMounts, {"mount", "umount", "umount2", "pivot_root", "swapon",
                    "swapoff", "init_module", "delete_module", "acct"});
    return map;
  }();
  return reasons.lookup(function);
}

/// The group's state along the file, as pragmas change it.
class Pragmas {
public:
  using Severity = diag::Severity;
  explicit Pragmas(Severity initial) : initial(initial), current(initial) {}

  void set(SourceLocation at, Severity severity) {
    changes.push_back({at, severity});
    current = severity;
  }
  void push() { stack.push_back(current); }
  void pop(SourceLocation at) {
    if (!stack.empty())
      set(at, stack.pop_back_val());
  }

  Severity at(SourceLocation place, const SourceManager &sources) const {
    Severity severity = initial;
    for (auto [from, changed] : changes)
      if (sources.isBeforeInTranslationUnit(from, place))
        severity = changed;
    return severity;
  }

private:
  Severity initial, current;
  llvm::SmallVector<Severity, 4> stack;
  std::vector<std::pair<SourceLocation, Severity>> changes;
};

class Nesting : public PPCallbacks {
public:
  explicit Nesting(std::shared_ptr<Pragmas> pragmas)
      : pragmas(std::move(pragmas)) {}
  void PragmaDiagnosticPush(SourceLocation, llvm::StringRef) override {
    pragmas->push();
  }
  void PragmaDiagnosticPop(SourceLocation at, llvm::StringRef) override {
    pragmas->pop(at);
  }

private:
  std::shared_ptr<Pragmas> pragmas;
};

/// Clang says that it does not know the group of a pragma; where that is ours,
/// this is how we learn of it. Everything else goes on to the client before.
class Client : public DiagnosticConsumer {
public:
  Client(DiagnosticsEngine &engine, std::shared_ptr<Pragmas> pragmas)
      : pragmas(std::move(pragmas)),
        wasIgnored(engine.isIgnored(kUnknownGroup, SourceLocation())),
        owned(engine.takeClient()),
        next(owned ? owned.get() : engine.getClient()) {
    // Not a warning: -Werror must not make an error of it.
    engine.setSeverity(kUnknownGroup, diag::Severity::Remark, SourceLocation());
  }

  void HandleDiagnostic(DiagnosticsEngine::Level level,
                        const Diagnostic &diagnostic) override {
    if (diagnostic.getID() == kUnknownGroup) {
      llvm::StringRef group =
          diagnostic.getArgKind(0) == DiagnosticsEngine::ak_std_string
              ? llvm::StringRef(diagnostic.getArgStdStr(0))
              : llvm::StringRef();
      if (group == kGroup) {
        pragmas->set(diagnostic.getLocation(), severityOf(diagnostic));
        return;
      }
      if (wasIgnored)
        return;
      level = DiagnosticsEngine::Warning;
    }
    next->HandleDiagnostic(level, diagnostic);
    count();
  }
  void BeginSourceFile(const LangOptions &language,
                       const Preprocessor *preprocessor) override {
    next->BeginSourceFile(language, preprocessor);
  }
  void EndSourceFile() override {
    next->EndSourceFile();
    count();
  }
  void finish() override {
    next->finish();
    count();
  }
  bool IncludeInDiagnosticCounts() const override {
    return next->IncludeInDiagnosticCounts();
  }

private:
  /// What counts is the next one's business: under -verify no expected error
  /// does.
  void count() {
    NumErrors = next->getNumErrors();
    NumWarnings = next->getNumWarnings();
  }

  static constexpr unsigned kUnknownGroup =
      diag::warn_pragma_diagnostic_unknown_warning;

  /// The word before the group's name: #pragma clang diagnostic ignored "…".
  static diag::Severity severityOf(const Diagnostic &diagnostic) {
    const SourceManager &sources = diagnostic.getSourceManager();
    SourceLocation at = sources.getSpellingLoc(diagnostic.getLocation());
    llvm::StringRef before = sources.getBufferData(sources.getFileID(at))
                                 .take_front(sources.getFileOffset(at))
                                 .rtrim(" \t\"\\(");
    return before.ends_with("ignored")   ? diag::Severity::Ignored
           : before.ends_with("warning") ? diag::Severity::Warning
                                         : diag::Severity::Error;
  }

  std::shared_ptr<Pragmas> pragmas;
  bool wasIgnored;
  std::unique_ptr<DiagnosticConsumer> owned;
  DiagnosticConsumer *next;
};

class Visitor : public RecursiveASTVisitor<Visitor> {
public:
  Visitor(ASTContext &context, const Pragmas &pragmas,
          Dependencies &dependencies)
      : context(context), engine(context.getDiagnostics()), pragmas(pragmas),
        dependencies(dependencies) {}

  bool VisitDeclRefExpr(DeclRefExpr *use) {
    const auto *function = dyn_cast<FunctionDecl>(use->getDecl());
    if (!isInSystemHeader(function))
      return true;
    dependencies.add(*function, use->getLocation());
    if (isOfC(*function))
      if (llvm::StringRef reason = reasonFor(function->getName());
          !reason.empty())
        say(use->getLocation(), function->getName(), reason);
    return true;
  }

  /// The third argument of mmap and of mprotect is the protection.
  bool VisitCallExpr(CallExpr *call) {
    constexpr unsigned kProtection = 2;
    constexpr std::uint64_t kExecutable = 4; // PROT_EXEC, POSIX sys/mman.h
    const FunctionDecl *function = call->getDirectCallee();
    if (!function || call->getNumArgs() <= kProtection || !isOfC(*function) ||
        (function->getName() != "mmap" && function->getName() != "mprotect") ||
        !isInSystemHeader(function))
      return true;
    const Expr *protection = call->getArg(kProtection);
    Expr::EvalResult value;
    if (!protection->isValueDependent() &&
        protection->EvaluateAsInt(value, context) &&
        (value.Val.getInt().getZExtValue() & kExecutable))
      say(protection->getExprLoc(),
          (function->getName() + "' with 'PROT_EXEC").str(), kNoNewCode);
    return true;
  }

  bool VisitMemberExpr(MemberExpr *use) {
    const auto *function = dyn_cast<FunctionDecl>(use->getMemberDecl());
    if (isInSystemHeader(function))
      dependencies.add(*function, use->getMemberLoc());
    return true;
  }

private:
  bool isInSystemHeader(const FunctionDecl *function) const {
    return function &&
           context.getSourceManager().isInSystemHeader(function->getLocation());
  }
  static bool isOfC(const FunctionDecl &function) {
    return function.getIdentifier() && function.isExternC();
  }

  void say(SourceLocation at, llvm::StringRef what, llvm::StringRef reason) {
    diag::Severity severity =
        pragmas.at(context.getSourceManager().getExpansionLoc(at),
                   context.getSourceManager());
    if (severity == diag::Severity::Ignored)
      return;
    // Not by -Werror: a project that builds elsewhere builds here.
    bool isError = severity >= diag::Severity::Error;
    if (!isError && engine.getIgnoreAllWarnings())
      return;
    unsigned id = engine.getDiagnosticIDs()->getCustomDiagID(
        isError ? DiagnosticIDs::Error : DiagnosticIDs::Warning,
        isError ? "'%0' is not supported: %1 [-Werror,-Wampoule-unsupported]"
                : "'%0' is not supported: %1 [-Wampoule-unsupported]");
    engine.Report(at, id) << what << reason;
  }

  ASTContext &context;
  DiagnosticsEngine &engine;
  const Pragmas &pragmas;
  Dependencies &dependencies;
};

class Consumer : public ASTConsumer {
public:
  Consumer(CompilerInstance &instance, std::shared_ptr<Pragmas> pragmas)
      : instance(instance), sources(instance.getSourceManager()),
        pragmas(std::move(pragmas)) {}

  bool HandleTopLevelDecl(DeclGroupRef group) override {
    for (Decl *declaration : group)
      if (!sources.isInSystemHeader(declaration->getLocation()))
        written.push_back(declaration);
    return true;
  }
  /// At the end, when every pragma is known.
  void HandleTranslationUnit(ASTContext &context) override {
    Dependencies dependencies;
    Visitor visitor(context, *pragmas, dependencies);
    for (Decl *declaration : written)
      visitor.TraverseDecl(declaration);
    dependencies.emit(instance);
  }

private:
  CompilerInstance &instance;
  const SourceManager &sources;
  std::shared_ptr<Pragmas> pragmas;
  std::vector<Decl *> written;
};

class Action : public PluginASTAction {
protected:
  std::unique_ptr<ASTConsumer> CreateASTConsumer(CompilerInstance &instance,
                                                 llvm::StringRef) override {
    auto pragmas = std::make_shared<Pragmas>(severity);
    DiagnosticsEngine &engine = instance.getDiagnostics();
    engine.setClient(new Client(engine, pragmas));
    instance.getPreprocessor().addPPCallbacks(
        std::make_unique<Nesting>(pragmas));
    ignoreNeedlessPragmas(instance.getPreprocessor());
    return std::make_unique<Consumer>(instance, pragmas);
  }
  bool ParseArgs(const CompilerInstance &,
                 const std::vector<std::string> &words) override {
    for (const std::string &word : words)
      severity = word == "ignored" ? diag::Severity::Ignored
                 : word == "error" ? diag::Severity::Error
                                   : diag::Severity::Warning;
    return true;
  }
  ActionType getActionType() override { return AddBeforeMainAction; }

private:
  diag::Severity severity = diag::Severity::Warning;
};

FrontendPluginRegistry::Add<Action>
    registration("ampoule-unsupported",
                 "Warn of functions that an image cannot have");

} // namespace
} // namespace ampoule::compiler
