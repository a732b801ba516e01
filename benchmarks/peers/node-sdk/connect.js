// $connect as the Node samples have it.
const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");
const { DynamoDBDocumentClient, PutCommand } = require("@aws-sdk/lib-dynamodb");

const table = DynamoDBDocumentClient.from(new DynamoDBClient({}));

exports.handler = async (event) => {
  const { connectionId } = event.requestContext;
  await table.send(new PutCommand({ TableName: process.env.CONNECTIONS_TABLE, Item: { connectionId } }));
  return { statusCode: 200 };
};
