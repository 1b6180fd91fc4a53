//! bedrock-lens
