// weft_e2e_json PATH: the value at a path such as channels.0.height in the JSON object on standard input.
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto document = nlohmann::json::parse(std::cin, nullptr, false);
  const auto* at = &document;
  std::istringstream path(argv[1]);
  for (std::string part; std::getline(path, part, '.');) {
    const bool number = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
    if (at->is_array() && number && std::stoull(part) < at->size()) {
      at = &(*at)[std::stoull(part)];
    } else if (at->is_object() && at->contains(part)) {
      at = &(*at)[part];
    } else {
      std::cerr << "nothing at " << argv[1] << "\n";
      return 1;
    }
  }
  std::cout << (at->is_string() ? at->get<std::string>() : at->dump()) << "\n";
}
