#include "chaincode/lifecycle/package_store.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "ledger/store/env.hpp"

namespace weft::chaincode {
namespace {

constexpr std::string_view suffix = ".tar.gz";

/// "label:hash" is stored as "label.hash.tar.gz".
std::string file_name(std::string id) {
  std::replace(id.begin(), id.end(), ':', '.');
  return id.append(suffix);
}

class stored_packages final : public package_store {
 public:
  stored_packages(std::shared_ptr<ledger::env> files, const std::vector<builtin_contract>& builtins, template_values values)
      : files_(std::move(files)), values_(std::move(values)) {
    for (const auto& b : builtins) {
      bytes raw = make_native_package(b.contract, b.label);
      contracts_.push_back(b.contract);
      auto id = package_id(b.label, raw);
      packages_[id] = {{id, b.label, std::string(native_type), b.contract, nullptr}, std::move(raw)};
    }
  }

  /// Reads what earlier runs installed.
  result<void> load() {
    if (!files_) return {};
    WEFT_TRY(const auto names, files_->list());
    for (const auto& name : names) {
      WEFT_TRY(const bytes raw, read_file(name));
      auto about = judge(raw);
      if (!about || file_name(about->id) != name) continue;
      auto id = about->id;
      packages_[std::move(id)] = {std::move(*about), std::nullopt};
    }
    return {};
  }

  result<installed_package> install(bytes_view raw) override {
    WEFT_TRY(auto about, judge(raw));
    auto id = about.id;
    const std::lock_guard lock(mutex_);
    if (packages_.contains(id)) return fail(errc::already_exists, "chaincode already successfully installed (package ID '" + id + "')");
    if (files_) WEFT_CHECK(files_->replace(file_name(id), raw));
    entry e{std::move(about), files_ ? std::nullopt : std::optional(bytes(raw))};
    return packages_.emplace(std::move(id), std::move(e)).first->second.about;
  }

  std::vector<installed_package> list() const override {
    const std::lock_guard lock(mutex_);
    std::vector<installed_package> out;
    for (const auto& [id, e] : packages_) out.push_back(e.about);
    return out;
  }

  std::optional<installed_package> find(std::string_view id) const override {
    const std::lock_guard lock(mutex_);
    const auto it = packages_.find(id);
    return it == packages_.end() ? std::nullopt : std::optional(it->second.about);
  }

  result<bytes> read(std::string_view id) const override {
    {
      const std::lock_guard lock(mutex_);
      const auto it = packages_.find(id);
      if (it == packages_.end()) return fail(errc::not_found, "chaincode install package '" + std::string(id) + "' not found");
      if (it->second.raw) return *it->second.raw;
    }
    WEFT_TRY(auto raw, read_file(file_name(std::string(id))));
    if (package_id(id.substr(0, id.find(':')), raw) != id) return fail(errc::corruption, "the stored package " + std::string(id) + " has another digest");
    return raw;
  }

 private:
  struct entry {
    installed_package about;
    std::optional<bytes> raw;  ///< Nothing: it is a file.
  };

  /// What a package is, if this peer can run it.
  result<installed_package> judge(bytes_view raw) const {
    WEFT_TRY(const auto parsed, parse_package(raw));
    installed_package out{package_id(parsed.label, raw), parsed.label, parsed.type, parsed.path, nullptr};
    if (parsed.type == native_type) {
      if (std::find(contracts_.begin(), contracts_.end(), parsed.path) != contracts_.end()) return out;
      return not_compiled_in(parsed);
    }
    auto service = service_of(parsed, values_);
    if (!service) return fail(within("could not build chaincode", service.error()));
    if (*service) out.service = std::make_shared<const connection>(std::move(**service));
    else if (parsed.type == service_type) return fail(errc::unsupported, "could not build chaincode: package '" + parsed.label + "' has type 'ccaas', and no connection.json in its code.tar.gz, "
                                                                          "which says where the contract's service is");
    return out;
  }

  tl::unexpected<error> not_compiled_in(const chaincode_package& p) const {
    std::string known;
    for (const auto& c : contracts_) known.append(known.empty() ? "" : ", ").append(c);
    return fail(errc::unsupported, "could not build chaincode: package '" + p.label + "' of type 'native' names the contract '" + p.path +
                                       "', which is not compiled into this peer (" + known + " are)");
  }

  result<bytes> read_file(const std::string& name) const {
    WEFT_TRY(const auto file, files_->open(name));
    return file->read(0, std::min<std::uint64_t>(file->size(), package_bytes_max + 1));
  }

  std::shared_ptr<ledger::env> files_;
  template_values values_;
  std::vector<std::string> contracts_;
  mutable std::mutex mutex_;
  std::map<std::string, entry, std::less<>> packages_;
};

}  // namespace

std::string default_label(std::string_view contract) { return std::string(contract) + "_1.0"; }

result<std::shared_ptr<package_store>> open_package_store(std::shared_ptr<ledger::env> files, const std::vector<builtin_contract>& builtins,
                                                          template_values values) {
  auto out = std::make_shared<stored_packages>(std::move(files), builtins, std::move(values));
  WEFT_CHECK(out->load());
  return std::shared_ptr<package_store>(std::move(out));
}

}  // namespace weft::chaincode
