#include "config/clients/clients.hpp"

#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

namespace weft::config {

namespace {

using json = nlohmann::ordered_json;

json member_of(const reachable_member& m) {
  return {{"url", "grpcs://" + m.address},
          {"tlsCACerts", {{"pem", m.tls_root_pem}}},
          {"grpcOptions", {{"ssl-target-name-override", m.name}, {"hostnameOverride", m.name}, {"grpc.keepalive_time_ms", 120'000}}}};
}

json organizations_of(const profile_request& r) {
  json out = json::object();
  for (const auto& org : r.network->organizations) {
    if (org.kind != org_kind::peer) continue;
    json peers = json::array();
    for (const auto& p : r.peers) if (p.organization == org.name) peers.push_back(p.name);
    out[org.name] = {{"mspid", org.msp_id}, {"peers", std::move(peers)}};
  }
  return out;
}

json channels_of(const profile_request& r) {
  json peers = json::object(), orderers = json::array(), out = json::object();
  for (const auto& p : r.peers) peers[p.name] = {{"endorsingPeer", true}, {"chaincodeQuery", true}, {"ledgerQuery", true}, {"eventSource", true}};
  for (const auto& o : r.orderers) orderers.push_back(o.name);
  for (const auto& c : r.network->channels) out[c.name] = {{"orderers", orderers}, {"peers", peers}};
  return out;
}

json profile(const profile_request& r) {
  json peers = json::object(), orderers = json::object();
  for (const auto& p : r.peers) peers[p.name] = member_of(p);
  for (const auto& o : r.orderers) orderers[o.name] = member_of(o);
  return {{"name", "weft-" + r.organization},
          {"version", "1.0.0"},
          {"client", {{"organization", r.organization}, {"connection", {{"timeout", {{"peer", {{"endorser", "300"}}}, {"orderer", "300"}}}}}}},
          {"channels", channels_of(r)},
          {"organizations", organizations_of(r)},
          {"orderers", std::move(orderers)},
          {"peers", std::move(peers)}};
}

void emit(YAML::Emitter& out, const json& value) {
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, item] : value.items()) {
      out << YAML::Key << key << YAML::Value;
      emit(out, item);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    out << YAML::BeginSeq;
    for (const auto& item : value) emit(out, item);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text.find('\n') != std::string::npos) out << YAML::Literal << text;
    else out << YAML::DoubleQuoted << text;
  } else if (value.is_boolean()) {
    out << value.get<bool>();
  } else {
    out << value.get<std::int64_t>();
  }
}

/// For any shell that knows POSIX quotes.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) c == '\'' ? out.append("'\\''") : out.append(1, c);
  return out + "'";
}

std::string exported(const char* name, const std::string& value) { return std::string("export ") + name + "=" + quoted(value) + "\n"; }

}  // namespace

std::string connection_profile_json(const profile_request& request) { return profile(request).dump(2) + "\n"; }

std::string connection_profile_yaml(const profile_request& request) {
  YAML::Emitter out;
  emit(out, profile(request));
  return std::string("---\n") + out.c_str() + "\n";
}

std::string wallet_entry(const client_identity& who) {
  return json({{"credentials", {{"certificate", who.certificate_pem}, {"privateKey", who.key_pem}}}, {"mspId", who.msp_id}, {"type", "X.509"}, {"version", 1}}).dump() + "\n";
}

std::string shell_environment(const client_identity& admin, const reachable_member& peer, const reachable_member* orderer) {
  std::string out = "# For Fabric's `peer` command, which needs FABRIC_CFG_PATH as well: the folder of its core.yaml.\n";
  const auto put = [&](const char* name, const std::string& value) { out += exported(name, value); };
  put("CORE_PEER_TLS_ENABLED", "true");
  put("CORE_PEER_ID", peer.name);
  put("CORE_PEER_LOCALMSPID", admin.msp_id);
  put("CORE_PEER_MSPCONFIGPATH", admin.msp_folder);
  put("CORE_PEER_ADDRESS", peer.address);
  put("CORE_PEER_TLS_ROOTCERT_FILE", peer.tls_root_file);
  if (!admin.tls_folder.empty()) {
    put("CORE_PEER_TLS_CLIENTAUTHREQUIRED", "true");
    put("CORE_PEER_TLS_CLIENTCERT_FILE", admin.tls_folder + "/client.crt");
    put("CORE_PEER_TLS_CLIENTKEY_FILE", admin.tls_folder + "/client.key");
  }
  if (orderer) {
    put("ORDERER_ADDRESS", orderer->address);
    put("ORDERER_CA", orderer->tls_root_file);
    put("ORDERER_HOST", orderer->name);
  }
  return out;
}

std::string contract_description(const dialling_contract& c) {
  return json({{"chaincode_id", c.package_id}, {"peer_address", c.peer_address}, {"client_cert", c.certificate_pem}, {"client_key", c.key_pem},
               {"root_cert", c.root_pem}, {"mspid", c.msp_id}})
             .dump(2) + "\n";
}

std::string contract_environment(const dialling_contract& c, const std::string& folder) {
  return "# For a contract that dials its peer, such as: npx fabric-chaincode-node start --peer.address \"$CORE_PEER_ADDRESS\"\n" +
         exported("CORE_CHAINCODE_ID_NAME", c.package_id) + exported("CORE_PEER_ADDRESS", c.peer_address) + exported("CORE_PEER_LOCALMSPID", c.msp_id) +
         exported("CORE_PEER_TLS_ENABLED", "true") + exported("CORE_PEER_TLS_ROOTCERT_FILE", folder + "/peer.crt") +
         exported("CORE_TLS_CLIENT_KEY_PATH", folder + "/client.key") + exported("CORE_TLS_CLIENT_CERT_PATH", folder + "/client.crt") +
         exported("CORE_TLS_CLIENT_KEY_FILE", folder + "/client_pem.key") + exported("CORE_TLS_CLIENT_CERT_FILE", folder + "/client_pem.crt");
}

}  // namespace weft::config
